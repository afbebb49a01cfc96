//! Claims about what runs behind the API: the same texts, shapes and orders as a real cluster's.

use super::*;

fn event<'a>(events: &'a [Value], reason: &str) -> &'a Value {
    events.iter().find(|event| event["reason"] == reason).unwrap_or_else(|| panic!("no event {reason}"))
}

fn of_kind(sim: &Sim, kind: &str) -> Vec<Value> {
    sim.objects().into_iter().filter(|object| object["kind"] == kind).collect()
}

fn the_pod(sim: &Sim) -> Value {
    of_kind(sim, "Pod").pop().expect("a pod")
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    crate::sim::json::condition(object, kind)
}

fn waits_for(sim: &Sim, reason: &str) -> bool {
    of_kind(sim, "Pod").iter().any(|pod| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason)
}

fn rolled_out(sim: &Sim) -> bool {
    let web = sim.object("deployments", "a-team", "web").unwrap();
    condition(&web, "Progressing")["reason"] == "NewReplicaSetAvailable"
        && web["status"]["observedGeneration"] == web["metadata"]["generation"]
}

/// `web` with something put into its Pod's spec.
fn web_with(pod_spec: &str) -> String {
    web(1, "nginx:1.27").replace("    spec:\n      containers", &format!("    spec:\n{pod_spec}\n      containers"))
}

#[tokio::test(start_paused = true)]
async fn missing_claim_is_said_in_the_schedulers_words() {
    let lab = lab();
    let spec = "      volumes: [{name: data, persistentVolumeClaim: {claimName: web-data}}]";
    lab.sim.apply_yaml("a-team", &web_with(spec)).unwrap();
    lab.until("FailedScheduling", |sim| of_kind(sim, "Event").iter().any(|event| event["reason"] == "FailedScheduling")).await;
    let events = of_kind(&lab.sim, "Event");
    let failed = event(&events, "FailedScheduling");
    assert_eq!(failed["message"], "0/2 nodes are available: persistentvolumeclaim \"web-data\" not found. not found");
    assert_eq!(failed["type"], "Warning");
    assert_eq!(failed["reportingComponent"], "default-scheduler");
    assert_eq!(failed["eventTime"], "2026-01-01T10:00:00.000000Z");
    assert!(failed["firstTimestamp"].is_null());
    let pod = the_pod(&lab.sim);
    assert_eq!(pod["status"]["phase"], "Pending");
    assert_eq!(condition(&pod, "PodScheduled")["reason"], "Unschedulable");
    assert_eq!(condition(&pod, "PodScheduled")["message"], failed["message"]);
    let scaled = event(&events, "ScalingReplicaSet");
    let set = of_kind(&lab.sim, "ReplicaSet").pop().unwrap();
    let set = set["metadata"]["name"].as_str().unwrap();
    assert_eq!(scaled["message"], format!("Scaled up replica set {set} from 0 to 1"));
    assert_eq!(scaled["source"]["component"], "deployment-controller");
    let created = event(&events, "SuccessfulCreate");
    assert_eq!(created["message"], format!("Created pod: {}", pod["metadata"]["name"].as_str().unwrap()));
    let web = lab.sim.object("deployments", "a-team", "web").unwrap();
    assert_eq!(condition(&web, "Available")["reason"], "MinimumReplicasUnavailable");
    assert_eq!(condition(&web, "Progressing")["reason"], "ReplicaSetUpdated");
    assert_eq!(web["status"]["unavailableReplicas"], 1);
}

#[tokio::test(start_paused = true)]
async fn selector_without_a_node_is_said_in_the_schedulers_words() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", &web_with("      nodeSelector: {disktype: nvme}")).unwrap();
    lab.until("FailedScheduling", |sim| of_kind(sim, "Event").iter().any(|event| event["reason"] == "FailedScheduling")).await;
    assert_eq!(
        event(&of_kind(&lab.sim, "Event"), "FailedScheduling")["message"],
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    );
}

#[tokio::test(start_paused = true)]
async fn request_beyond_every_node_is_insufficient() {
    let lab = lab();
    let text = web(1, "nginx:1.27").replace("image: nginx:1.27", "image: nginx:1.27\n        resources: {requests: {cpu: 64}}");
    lab.sim.apply_yaml("a-team", &text).unwrap();
    lab.until("FailedScheduling", |sim| of_kind(sim, "Event").iter().any(|event| event["reason"] == "FailedScheduling")).await;
    assert_eq!(
        event(&of_kind(&lab.sim, "Event"), "FailedScheduling")["message"],
        "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
    );
}

#[tokio::test(start_paused = true)]
async fn missing_class_is_said_by_the_binder_and_the_scheduler() {
    let lab = lab();
    let mut wrong = claim("web-data");
    wrong["spec"]["storageClassName"] = json!("fast-ssd");
    lab.sim.apply_yaml("a-team", &wrong.to_string()).unwrap();
    let spec = "      volumes: [{name: data, persistentVolumeClaim: {claimName: web-data}}]";
    lab.sim.apply_yaml("a-team", &web_with(spec)).unwrap();
    lab.until("both events", |sim| {
        let events = of_kind(sim, "Event");
        ["FailedScheduling", "ProvisioningFailed"].iter().all(|reason| events.iter().any(|event| event["reason"] == *reason))
    })
    .await;
    let events = of_kind(&lab.sim, "Event");
    assert_eq!(event(&events, "ProvisioningFailed")["message"], "storageclass.storage.k8s.io \"fast-ssd\" not found");
    assert_eq!(
        event(&events, "FailedScheduling")["message"],
        "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    );
}

#[tokio::test(start_paused = true)]
async fn unused_claim_waits_for_its_first_consumer() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", &claim("data").to_string()).unwrap();
    tokio::time::sleep(Duration::from_secs(40)).await;
    let data = lab.sim.object("persistentvolumeclaims", "a-team", "data").unwrap();
    assert_eq!(data["status"]["phase"], "Pending");
    assert!(data["status"].get("conditions").is_none());
    let events = of_kind(&lab.sim, "Event");
    let waits = event(&events, "WaitForFirstConsumer");
    assert_eq!(waits["message"], "waiting for first consumer to be created before binding");
    assert_eq!(waits["count"], 3);
}

#[tokio::test(start_paused = true)]
async fn used_claim_stays_until_its_pod_is_gone() {
    let lab = lab();
    lab.images(NGINX);
    lab.sim.apply_yaml("a-team", &claim("web-data").to_string()).unwrap();
    let spec = "      volumes: [{name: data, persistentVolumeClaim: {claimName: web-data}}]";
    lab.sim.apply_yaml("a-team", &web_with(spec)).unwrap();
    lab.until("web runs", rolled_out).await;
    let path = "/api/v1/namespaces/a-team/persistentvolumeclaims/web-data";
    let used = lab.get(path).await.unwrap();
    assert_eq!(condition(&used, "Unused")["reason"], "PodUsingPVC");
    let left = lab.delete(path, &Value::Null).await.unwrap();
    assert!(left["metadata"]["deletionTimestamp"].is_string());
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(lab.get(path).await.unwrap()["status"]["phase"], "Bound");
    lab.delete("/apis/apps/v1/namespaces/a-team/deployments/web", &Value::Null).await.unwrap();
    lab.until("claim and volume are gone", |sim| {
        of_kind(sim, "PersistentVolumeClaim").is_empty() && of_kind(sim, "PersistentVolume").is_empty()
    })
    .await;
    assert!(of_kind(&lab.sim, "Pod").is_empty());
    assert!(of_kind(&lab.sim, "ReplicaSet").is_empty());
}

#[tokio::test(start_paused = true)]
async fn missing_tag_alternates_between_error_and_back_off() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", &web(1, "nginx:1.72")).unwrap();
    lab.until("ErrImagePull", |sim| waits_for(sim, "ErrImagePull")).await;
    lab.until("ImagePullBackOff", |sim| waits_for(sim, "ImagePullBackOff")).await;
    let pod = the_pod(&lab.sim);
    let error = "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/nginx:1.72\": failed to resolve reference \"docker.io/library/nginx:1.72\": docker.io/library/nginx:1.72: not found";
    assert_eq!(
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
        format!("Back-off pulling image \"nginx:1.72\": ErrImagePull: {error}")
    );
    assert_eq!(pod["status"]["phase"], "Pending");
    assert_eq!(condition(&pod, "PodReadyToStartContainers")["status"], "True");
    assert_eq!(condition(&pod, "Ready")["message"], "containers with unready status: [web]");
    let events = of_kind(&lab.sim, "Event");
    let failed = event(&events, "Failed");
    assert_eq!(failed["message"], format!("Failed to pull image \"nginx:1.72\": {error}"));
    assert_eq!(failed["involvedObject"]["fieldPath"], "spec.containers{web}");
    assert_eq!(event(&events, "BackOff")["type"], "Normal");
    lab.until("ErrImagePull again", |sim| waits_for(sim, "ErrImagePull")).await;
}

#[tokio::test(start_paused = true)]
async fn missing_config_map_heals_by_itself_once_it_is_there() {
    let lab = lab();
    lab.images(NGINX);
    let text = web(1, "nginx:1.27").replace(
        "image: nginx:1.27",
        "image: nginx:1.27\n        env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: app-config, key: level}}}]",
    );
    lab.sim.apply_yaml("a-team", &text).unwrap();
    lab.until("CreateContainerConfigError", |sim| waits_for(sim, "CreateContainerConfigError")).await;
    let message = |sim: &Sim| the_pod(sim)["status"]["containerStatuses"][0]["state"]["waiting"]["message"].clone();
    assert_eq!(message(&lab.sim), "configmap \"app-config\" not found");
    let config =
        |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-config"}, "data": data}).to_string();
    lab.sim.apply_yaml("a-team", &config(json!({"other": "x"}))).unwrap();
    lab.until("the key is missed", |sim| message(sim) == "couldn't find key level in ConfigMap a-team/app-config").await;
    lab.sim.apply_yaml("a-team", &config(json!({"level": "info"}))).unwrap();
    lab.until("web runs", rolled_out).await;
    assert_eq!(the_pod(&lab.sim)["status"]["containerStatuses"][0]["restartCount"], 0);
}

#[tokio::test(start_paused = true)]
async fn unmet_need_crashes_in_a_loop_and_says_why_in_its_log() {
    let lab = lab();
    lab.images("[{ref: 'nginx:1.27', play: {log: [starting], needs: [{env: TOKEN, fail: 'no token', code: 3}]}}]");
    lab.sim.apply_yaml("a-team", &web(1, "nginx:1.27")).unwrap();
    lab.until("CrashLoopBackOff", |sim| waits_for(sim, "CrashLoopBackOff")).await;
    let pod = the_pod(&lab.sim);
    let status = &pod["status"]["containerStatuses"][0];
    assert_eq!(pod["status"]["phase"], "Running");
    assert_eq!(status["restartCount"], 1);
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 3);
    assert_eq!(status["lastState"]["terminated"]["reason"], "Error");
    let message = status["state"]["waiting"]["message"].as_str().unwrap();
    assert!(message.starts_with("back-off 10s restarting failed container=web pod=web-"), "{message}");
    let name = pod["metadata"]["name"].as_str().unwrap();
    let request = http::Request::get(format!("/api/v1/namespaces/a-team/pods/{name}/log?tailLines=10")).body(Vec::new()).unwrap();
    assert_eq!(lab.client.request_text(request).await.unwrap(), "starting\nno token\n");
    lab.until("the next pause is longer", |sim| {
        the_pod(sim)["status"]["containerStatuses"][0]["state"]["waiting"]["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("back-off 20s"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn memory_beyond_the_limit_is_killed() {
    let lab = lab();
    lab.images("[{ref: 'nginx:1.27', play: {memoryMi: 100}}]");
    let text = web(1, "nginx:1.27").replace("image: nginx:1.27", "image: nginx:1.27\n        resources: {limits: {memory: 64Mi}}");
    lab.sim.apply_yaml("a-team", &text).unwrap();
    lab.until("CrashLoopBackOff", |sim| waits_for(sim, "CrashLoopBackOff")).await;
    let last = &the_pod(&lab.sim)["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((last["exitCode"].as_i64(), last["reason"].as_str()), (Some(137), Some("OOMKilled")));
}

#[tokio::test(start_paused = true)]
async fn failing_liveness_restarts_the_container() {
    let lab = lab();
    lab.images(NGINX);
    let text = web(1, "nginx:1.27").replace("readinessProbe: {httpGet: {port: http}", "livenessProbe: {tcpSocket: {port: 81}");
    lab.sim.apply_yaml("a-team", &text).unwrap();
    lab.until("a restart", |sim| {
        of_kind(sim, "Pod").iter().any(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0))
    })
    .await;
    let events = of_kind(&lab.sim, "Event");
    assert_eq!(event(&events, "Killing")["message"], "Container web failed liveness probe, will be restarted");
    let unhealthy = event(&events, "Unhealthy")["message"].as_str().unwrap().to_owned();
    assert!(unhealthy.starts_with("Liveness probe failed: dial tcp 10.250."), "{unhealthy}");
    assert!(unhealthy.ends_with(":81: connect: connection refused"), "{unhealthy}");
}

#[tokio::test(start_paused = true)]
async fn rollout_keeps_what_is_available_and_a_rollback_reuses_its_set() {
    let lab = lab();
    lab.images(NGINX);
    lab.images("[{ref: 'nginx:1.28', play: {listen: [{port: 80}]}}]");
    lab.sim.apply_yaml("a-team", &web(4, "nginx:1.27")).unwrap();
    lab.until("the first is out", rolled_out).await;
    let first = lab.sim.object("deployments", "a-team", "web").unwrap();
    assert_eq!(first["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");

    lab.sim.apply_yaml("a-team", &web(4, "nginx:1.28")).unwrap();
    let available = |sim: &Sim| sim.object("deployments", "a-team", "web").unwrap()["status"]["availableReplicas"].as_i64().unwrap_or(0);
    lab.until("the second is out", |sim| {
        assert!(available(sim) >= 3, "too few are available");
        rolled_out(sim)
    })
    .await;
    lab.until("the old pods are gone", |sim| of_kind(sim, "Pod").len() == 4).await;
    assert!(of_kind(&lab.sim, "Pod").iter().all(|pod| pod["spec"]["containers"][0]["image"] == "nginx:1.28"));

    lab.sim.apply_yaml("a-team", &web(4, "nginx:1.27")).unwrap();
    lab.until("the third is out", rolled_out).await;
    let sets = of_kind(&lab.sim, "ReplicaSet");
    assert_eq!(sets.len(), 2);
    let web = lab.sim.object("deployments", "a-team", "web").unwrap();
    assert_eq!(web["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
}

#[tokio::test(start_paused = true)]
async fn stuck_rollout_runs_into_its_deadline() {
    let lab = lab();
    lab.sim.apply_yaml("a-team", &web(1, "nginx:1.72").replace("  replicas: 1", "  replicas: 1\n  progressDeadlineSeconds: 30")).unwrap();
    lab.until("the deadline", |sim| {
        let web = sim.object("deployments", "a-team", "web").unwrap();
        condition(&web, "Progressing")["reason"] == "ProgressDeadlineExceeded"
    })
    .await;
    let web = lab.sim.object("deployments", "a-team", "web").unwrap();
    let progressing = condition(&web, "Progressing");
    assert_eq!(progressing["status"], "False");
    assert!(progressing["message"].as_str().unwrap().ends_with("has timed out progressing."));
}

#[tokio::test(start_paused = true)]
async fn endpoints_follow_readiness_and_named_ports() {
    let lab = lab();
    lab.images("[{ref: 'nginx:1.27', play: {listen: [{port: 80, after: 5}]}}]");
    lab.sim.apply_yaml("a-team", &web(1, "nginx:1.27")).unwrap();
    lab.sim
        .apply_yaml(
            "a-team",
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 8000, targetPort: http}]}}",
        )
        .unwrap();
    let slice = |sim: &Sim| of_kind(sim, "EndpointSlice").pop().unwrap_or_default();
    lab.until("an endpoint that is not ready", |sim| slice(sim)["endpoints"][0]["conditions"]["ready"] == false).await;
    lab.until("a ready endpoint", |sim| slice(sim)["endpoints"][0]["conditions"]["ready"] == true).await;
    let slice = slice(&lab.sim);
    assert_eq!(slice["ports"][0]["port"], 80);
    assert_eq!(slice["metadata"]["labels"]["kubernetes.io/service-name"], "web");
    assert_eq!(slice["endpoints"][0]["targetRef"]["name"], the_pod(&lab.sim)["metadata"]["name"]);
}

#[tokio::test(start_paused = true)]
async fn removing_the_volume_does_not_heal_a_database() {
    let lab = lab();
    lab.images("[{ref: 'nginx:1.27', play: {needs: [{write: /data/file}], listen: [{port: 80}]}}]");
    lab.sim.apply_yaml("a-team", &web(1, "nginx:1.27")).unwrap();
    lab.until("CrashLoopBackOff", |sim| waits_for(sim, "CrashLoopBackOff")).await;
    let spec = "      volumes: [{name: data, emptyDir: {}}]";
    let with_volume =
        web_with(spec).replace("image: nginx:1.27", "image: nginx:1.27\n        volumeMounts: [{name: data, mountPath: /data}]");
    lab.sim.apply_yaml("a-team", &with_volume).unwrap();
    lab.until("web runs", rolled_out).await;
}

#[tokio::test(start_paused = true)]
async fn peer_must_be_there_before_its_client_runs() {
    let lab = lab();
    lab.images("[{ref: 'nginx:1.27', play: {needs: [{tcp: 'db:5432'}], listen: [{port: 80}]}}, {ref: 'db:1', play: {listen: [{port: 5432, tcp: true}]}}]");
    lab.sim.apply_yaml("a-team", &web(1, "nginx:1.27")).unwrap();
    lab.until("CrashLoopBackOff", |sim| waits_for(sim, "CrashLoopBackOff")).await;
    let db = web(1, "db:1").replace("web", "db").replace("containerPort: 80", "containerPort: 5432");
    let db = db.replace("httpGet: {port: http}", "tcpSocket: {port: http}");
    lab.sim.apply_yaml("a-team", &db).unwrap();
    lab.sim
        .apply_yaml("a-team", "{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}")
        .unwrap();
    lab.until("web runs", rolled_out).await;
}

#[tokio::test(start_paused = true)]
async fn clock_of_the_cluster_is_the_runtimes() {
    let lab = lab();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    lab.sim.apply_yaml("a-team", "").unwrap();
    let namespace = lab.sim.object("namespaces", "", "a-team").unwrap();
    assert_eq!(namespace["metadata"]["creationTimestamp"], "2026-01-01T11:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn every_pod_has_an_address_of_its_nodes_network() {
    let lab = lab();
    lab.images(NGINX);
    lab.sim.apply_yaml("a-team", &web(8, "nginx:1.27")).unwrap();
    lab.until("web runs", rolled_out).await;
    let mut addresses = std::collections::BTreeSet::new();
    for pod in of_kind(&lab.sim, "Pod") {
        let address = pod["status"]["podIP"].as_str().unwrap().to_owned();
        let network = if pod["spec"]["nodeName"] == "node-1" { "10.250.101." } else { "10.250.102." };
        assert!(address.starts_with(network), "{address}");
        addresses.insert(address);
    }
    assert_eq!(addresses.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn absurd_numbers_do_not_end_the_cluster() {
    let lab = lab();
    lab.images("[{ref: 'nginx:1.27', play: {ignoreTerm: true, exit: {after: 1e300}, listen: [{port: 80}, {port: 81, after: .inf}]}}]");
    let most = i32::MAX;
    let text = web(1, "nginx:1.27")
        .replace("periodSeconds: 1", &format!("periodSeconds: {most}, successThreshold: {most}"))
        .replace(
            "  replicas: 1",
            &format!("  replicas: 1\n  minReadySeconds: {most}\n  progressDeadlineSeconds: {most}\n  strategy: {{rollingUpdate: {{maxSurge: 9999999999999999%}}}}"),
        )
        .replace("    spec:\n", &format!("    spec:\n      terminationGracePeriodSeconds: {}\n", i64::MAX));
    lab.sim.apply_yaml("a-team", &text).unwrap();
    lab.until("web runs", |sim| of_kind(sim, "Pod").iter().any(|pod| pod["status"]["phase"] == "Running")).await;
    lab.delete("/apis/apps/v1/namespaces/a-team/deployments/web", &Value::Null).await.unwrap();
    lab.until("the pod is told to end", |sim| of_kind(sim, "Pod").iter().all(|pod| pod["metadata"]["deletionTimestamp"].is_string())).await;
    let pods = "/api/v1/namespaces/a-team/pods?watch=true&timeoutSeconds=18446744073709551615";
    assert!(tokio::time::timeout(Duration::from_secs(1), lab.get(pods)).await.is_err());
    lab.get("/version").await.unwrap();
}
