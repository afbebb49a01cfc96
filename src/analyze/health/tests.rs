//! How each thing is judged: healthy things are well, and what is wrong, idle, young or moving is told as that.

use crate::analyze::analyze;
use crate::analyze::testing::{World, cluster, daemon_set, deployment, job, stateful_set};
use crate::domain::kind::Kind;
use crate::facts::Facts;
use serde_json::json;

mod about;

const OLD: &str = "2026-01-01T10:00:00Z";

fn served() -> World {
    cluster().app(deployment("web").replicas(2)).service("web", json!({"app": "web"}))
}

fn ingress(class: &str, service: &str, port: i32) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: shop, creationTimestamp: '{OLD}'}}, \
         spec: {{{class}rules: [{{host: shop.example, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: {port}}}}}}}}}]}}}}]}}, \
         status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.1}}]}}}}}}"
    )
}

const NGINX: &str =
    "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}, spec: {controller: example.com/nginx}}";

fn autoscaler(target: &str, condition: &str) -> String {
    format!(
        "{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: web, creationTimestamp: '{OLD}'}}, \
         spec: {{maxReplicas: 3, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {target}}}}}, \
         status: {{currentReplicas: 2, desiredReplicas: 2, conditions: [{condition}]}}}}"
    )
}

fn batch(status: &str) -> String {
    format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: import, creationTimestamp: '{OLD}'}}, \
         spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: 'a:1'}}]}}}}}}, status: {{{status}}}}}"
    )
}

fn cron(spec: &str, status: &str) -> String {
    format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: nightly, creationTimestamp: '{OLD}'}}, \
         spec: {{schedule: '0 3 * * *', {spec}jobTemplate: {{spec: {{template: {{spec: {{containers: []}}}}}}}}}}, status: {{{status}}}}}"
    )
}

/// Every fault is a symptom or a doubt with the words that say what it is.
#[track_caller]
fn says(world: &World, part: &str) {
    let found = world.diagnosis();
    assert_eq!(found.causes, []);
    let mut said: Vec<String> = found.unexplained.iter().map(|s| format!("{}: {}", s.object.slashed(), s.summary)).collect();
    said.extend(found.doubts.iter().map(crate::domain::focus::Doubt::in_words));
    assert!(said.iter().any(|s| s.contains(part)), "{part}: {said:#?}");
}

#[test]
fn what_runs_and_is_served_is_healthy_and_listed() {
    let world = served();
    assert!(world.is_healthy(), "{:?}", world.diagnosis());
    let seen: Vec<String> = world.diagnosis().seen.iter().map(|s| format!("{}: {}", s.object.slashed(), s.how)).collect();
    assert_eq!(seen, ["deployment/web: 2 of 2 replicas are ready", "service/web: has 2 ready addresses"]);
}

#[test]
fn service_with_a_dangling_port_name_is_not_healthy() {
    let port = |target: serde_json::Value| json!({"spec": {"ports": [{"port": 80, "targetPort": target}]}});
    let containers = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"name": "http", "containerPort": 8080}]}]});
    let world = || cluster().app(deployment("web").spec(containers.clone())).service("web", json!({"app": "web"}));
    assert!(world().edit("Service", "web", port(json!("http"))).is_healthy());
    says(&world().edit("Service", "web", port(json!("web"))), "leads to the port `web`, which no container");
    says(&world().edit("Service", "web", port(json!(9090))), "leads to port 9090, which no container");
}

#[test]
fn headless_service_that_selects_nothing_is_not_healthy() {
    let headless = served().service("peers", json!({"app": "gone"})).edit("Service", "peers", json!({"spec": {"clusterIP": "None"}}));
    says(&headless, "service/peers: has no endpoints: its selector matches no Pod");
}

#[test]
fn external_name_needs_no_endpoints() {
    let external = json!({"spec": {"type": "ExternalName", "externalName": "db.example"}});
    assert!(served().service("db", json!({"app": "gone"})).edit("Service", "db", external).is_healthy());
}

#[test]
fn ingress_without_class_backend_or_port_is_not_healthy() {
    let class = "ingressClassName: nginx, ";
    assert!(served().yaml(NGINX).yaml(&ingress(class, "web", 80)).is_healthy());
    says(&served().yaml(NGINX).yaml(&ingress("", "web", 80)), "names no class");
    says(&served().yaml(&ingress(class, "web", 80)), "its class `nginx` does not exist");
    says(&served().yaml(NGINX).yaml(&ingress(class, "gone", 80)), "leads to Service `gone`, which does not exist in this namespace");
    says(&served().yaml(NGINX).yaml(&ingress(class, "web", 81)), "leads to port `81` of Service `web`, which has no such port");
    let unserved = served().yaml(NGINX).yaml(&ingress(class, "web", 80)).edit("Ingress", "shop", json!({"status": null}));
    says(&unserved, "no controller has reported an address");
}

#[test]
fn job_that_never_ends_or_fails_is_not_healthy() {
    assert!(served().yaml(&batch("succeeded: 1, conditions: [{type: Complete, status: 'True'}]")).is_healthy());
    says(&served().yaml(&batch("active: 1")), "has not completed; it has no `activeDeadlineSeconds`");
    says(&served().yaml(&batch("failed: 2, active: 1")), "tries again after 2 failed Pods");
    says(&served().yaml(&batch("conditions: [{type: Failed, status: 'True', message: too many}]")), "Failed: “too many”");
    says(&served().yaml(&batch("")), "has neither ended nor an active Pod");
}

#[test]
fn cron_job_without_a_run_that_succeeded_is_not_healthy() {
    let (ran, failed) = ("lastScheduleTime: '2026-01-01T03:00:00Z', ", "lastSuccessfulTime: '2025-12-31T03:00:05Z'");
    assert!(served().yaml(&cron("", &format!("{ran}lastSuccessfulTime: '2026-01-01T03:00:05Z'"))).is_healthy());
    says(&served().yaml(&cron("", &format!("{ran}{failed}"))), "did not succeed");
    says(&served().yaml(&cron("", ran)), "none of its runs has succeeded");
}

#[test]
fn what_is_idle_by_wish_is_healthy_for_others_and_an_answer_for_who_asks() {
    let world = || served().yaml(&cron("suspend: true, ", "")).app(deployment("legacy").replicas(0));
    assert!(world().is_healthy(), "{:?}", world().diagnosis());
    says(&world().said("the nightly job did not run"), "is suspended");
    says(&world().said("legacy is down"), "is scaled to zero");
    assert!(world().said("is web healthy?").is_healthy());
}

#[test]
fn autoscaler_without_metrics_or_target_is_not_healthy() {
    assert!(served().yaml(&autoscaler("web", "{type: ScalingActive, status: 'True'}")).is_healthy());
    let blind = "{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, message: unable to get metrics}";
    says(&served().yaml(&autoscaler("web", blind)), "ScalingActive is False: FailedGetResourceMetric: “unable to get metrics”");
    says(&served().yaml(&autoscaler("gone", "{type: ScalingActive, status: 'True'}")), "scales Deployment `gone`, which does not exist");
    says(&served().yaml(&autoscaler("web", "")), "does not report whether it has metrics");
}

#[test]
fn daemon_set_that_wants_nobody_is_not_healthy() {
    let picky = daemon_set("agent").replicas(0).spec(json!({"nodeSelector": {"accelerator": "tpu"}}));
    says(&served().app(picky), "no node qualifies for its node selector accelerator=tpu");
    assert!(served().app(daemon_set("agent").replicas(0).spec(json!({"nodeSelector": {"kubernetes.io/os": "windows"}}))).is_healthy());
}

#[test]
fn probe_that_has_just_begun_to_fail_is_too_young_to_tell() {
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T11:55:10Z"}]}});
    let world = cluster().app(deployment("web")).edit("Pod", "web-rs1-0", ready).event(
        "Pod",
        "web-rs1-0",
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 500",
    );
    says(&world, "a probe has begun to fail: “Readiness probe failed");
}

#[test]
fn container_that_restarts_often_is_not_healthy_while_it_is_ready() {
    let restarted = |count: i32, at: &str| {
        json!({"status": {"containerStatuses": [{"name": "app", "image": "a", "imageID": "x", "ready": true, "restartCount": count,
            "state": {"running": {"startedAt": at}}, "lastState": {"terminated": {"exitCode": 137, "finishedAt": at}}}]}})
    };
    let world = |count, at| cluster().app(deployment("web")).edit("Pod", "web-rs1-0", restarted(count, at));
    says(&world(60, "2026-01-01T11:58:00Z"), "was restarted 60 times, the last time 120 s ago with exit code 137");
    says(&world(1, "2026-01-01T11:59:30Z"), "was restarted 1 time,");
    says(&world(60, "2026-01-01T09:00:00Z"), "was restarted 60 times, the last time 3 h ago");
    assert!(world(60, "2025-12-28T09:00:00Z").is_healthy());
}

#[test]
fn run_that_is_proven_and_has_lasted_many_times_as_long_as_the_one_that_failed_is_past_it() {
    let container = |name: &str, reason: &str, began: &str, ended: &str, runs: &str| {
        let began = if began.is_empty() { json!(null) } else { json!(began) };
        json!({"name": name, "image": "a", "imageID": "x", "ready": true, "restartCount": 5,
            "state": {"running": {"startedAt": runs}},
            "lastState": {"terminated": {"exitCode": 1, "reason": reason, "startedAt": began, "finishedAt": ended}}})
    };
    let told = |pod: &str, containers: serde_json::Value| {
        let status = json!({"status": {"startTime": pod, "containerStatuses": containers}});
        let diagnosis = cluster().app(deployment("web")).edit("Pod", "web-rs1-0", status).diagnosis();
        diagnosis.unexplained.iter().any(|symptom| symptom.summary.contains("is ready, but"))
    };
    let is_symptom = |reason: &str, began: &str, ended: &str, runs: &str| {
        told("2026-01-01T11:50:00Z", json!([container("app", reason, began, ended, runs)]))
    };
    // It failed at once, waited for its turn, and has run for two minutes.
    let past = ["Error", "2026-01-01T11:56:00Z", "2026-01-01T11:56:01Z", "2026-01-01T11:58:00Z"];
    assert!(!is_symptom(past[0], past[1], past[2], past[3]));
    // For half of that, which proves nothing.
    assert!(is_symptom("Error", "2026-01-01T11:57:00Z", "2026-01-01T11:57:01Z", "2026-01-01T11:59:00Z"));
    // It failed after a minute.
    assert!(is_symptom("Error", "2026-01-01T11:55:00Z", "2026-01-01T11:56:00Z", "2026-01-01T11:57:00Z"));
    // Nobody knows how long it lasted.
    assert!(is_symptom("Error", "", "2026-01-01T11:56:01Z", "2026-01-01T11:58:00Z"));
    // It fills its memory as slowly as before.
    assert!(is_symptom("OOMKilled", past[1], past[2], past[3]));
    // Its starts lay six minutes apart: another life than the last one was longer.
    assert!(told("2026-01-01T11:28:00Z", json!([container("app", past[0], past[1], past[2], past[3])])));
    // One that is past its failures hides no other.
    let other = container("other", "Error", "2026-01-01T11:54:00Z", "2026-01-01T11:55:00Z", "2026-01-01T11:56:00Z");
    assert!(told("2026-01-01T11:50:00Z", json!([container("app", past[0], past[1], past[2], past[3]), other])));
}

#[test]
fn paused_rollout_that_is_not_complete_is_not_healthy() {
    let paused = json!({"spec": {"paused": true}, "status": {"updatedReplicas": 0}});
    says(&cluster().app(deployment("web")).edit("Deployment", "web", paused), "its rollout is paused");
}

#[test]
fn standby_that_waits_for_a_lease_is_told_as_one() {
    let waits = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": "app", "image": "a", "imageID": "x", "ready": false, "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T11:50:00Z"}}}]}});
    let lease = "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: sync-leader}, spec: {holderIdentity: sync-0_5b2b}}";
    let world = cluster()
        .app(stateful_set("sync").replicas(2))
        .edit("Pod", "sync-1", waits)
        .edit("StatefulSet", "sync", json!({"status": {"readyReplicas": 1, "availableReplicas": 1}}))
        .service("sync", json!({"app": "sync"}));
    says(&world, "is not ready yet");
    says(&world.yaml(lease), "Pod `sync-0` of the same StatefulSet is ready and holds the Lease `sync-leader`");
}

#[test]
fn claim_that_waits_for_its_first_pod_is_healthy_by_design_and_said_so() {
    let world = served().claim("profiler-data", "Pending", "standard").said("The claim profiler-data is stuck in Pending for hours");
    assert!(world.is_healthy(), "{:?}", world.diagnosis().doubts);
    let seen = world.diagnosis().seen;
    assert!(seen[0].how.contains("by design") && seen[0].how.contains("no Pod mounts it"), "{seen:?}");
}

#[test]
fn nothing_is_not_healthy() {
    assert_eq!(cluster().doubts(), ["there is nothing in namespace a-team: no workloads, 0 Pods, no Services"]);
}

#[test]
fn connections_are_not_called_healthy_where_a_policy_restricts_them() {
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}, spec: {podSelector: {}}}";
    let asked = "web cannot connect to others, and connections time out";
    let listed = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
    let served = || cluster().app(deployment("web").replicas(2).spec(listed.clone())).service("web", json!({"app": "web"}));
    assert!(served().said(asked).is_healthy());
    says(&served().yaml(policy).said(asked), "kubemend does not evaluate which connections it allows");
}

#[test]
fn what_could_not_be_read_is_not_called_healthy() {
    for kind in [Kind::Pod, Kind::Deployment, Kind::Ingress, Kind::CronJob] {
        let doubts = served().hiding(kind.clone()).diagnosis().doubts;
        assert!(doubts.iter().any(|d| d.why.contains(kind.info().unwrap().plural)), "{kind}: {doubts:?}");
    }
    // Of a workload that is named, what leads to it from outside is another question.
    assert!(served().hiding(Kind::CronJob).said("web is broken").is_healthy());
}

#[test]
fn what_serves_for_a_workload_that_is_scaled_to_zero_is_named() {
    let part = |name: &str| deployment(name).labels(json!({"app": "front", "name": name}));
    let world = cluster().app(part("front").replicas(0)).app(part("front-next")).service("front", json!({"app": "front"}));
    let seen = world.said("the service front is odd").diagnosis().seen;
    let how = |name: &str| seen.iter().find(|s| s.object.name == name && s.object.kind == Kind::Service).unwrap().how.clone();
    assert_eq!(
        how("front"),
        "has 1 ready address of Deployment `front-next`; Deployment `front`, which it selects as well, is scaled to zero"
    );
    let set = daemon_set("agent").spec(json!({"nodeSelector": {"disktype": "ssd"}}));
    let seen = cluster().app(set).diagnosis().seen;
    assert!(seen.iter().any(|s| s.how.ends_with("replicas are ready, on the nodes that have `disktype=ssd`")), "{seen:?}");
}

#[test]
fn addresses_that_somebody_wrote_by_hand_are_not_verified() {
    let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: erp-1, labels: {kubernetes.io/service-name: erp}}, addressType: IPv4, endpoints: [{addresses: ['10.1.1.1'], conditions: {ready: true}}], ports: [{port: 80}]}";
    let world = served().service("erp", json!({})).yaml(slice).said("erp has no pods behind it, fix the selector");
    says(&world, "has no selector, so it is for no Pods; others gave it 1 ready address");
}

#[test]
fn job_with_a_pod_that_cannot_start_is_explained_once() {
    let world = cluster().app(job("import").waiting("ErrImagePull", "rpc error: code = NotFound desc = not found"));
    assert_eq!(world.diagnosis().causes.len() + world.wrong().len(), 1, "{:?}", world.diagnosis());
}

/// For any of these clusters: healthy is said only where each object that was read has its place among what was seen.
#[test]
fn healthy_implies_that_every_relevant_object_was_judged_well() {
    let parts: [fn(World) -> World; 9] = [
        |w| w.app(deployment("web")).service("web", json!({"app": "web"})),
        |w| w.app(stateful_set("db").replicas(2)),
        |w| w.app(daemon_set("agent")),
        |w| w.claim("data", "Bound", "standard"),
        |w| w.claim("later", "Pending", "standard"),
        |w| w.yaml(&batch("conditions: [{type: Complete, status: 'True'}]")),
        |w| w.yaml(&batch("active: 1")),
        |w| w.yaml(&autoscaler("gone", "")),
        |w| w.yaml(NGINX).yaml(&ingress("ingressClassName: nginx, ", "web", 80)),
    ];
    for mask in 0..(1_u32 << parts.len()) {
        let chosen = parts.iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0);
        let world = chosen.fold(cluster(), |world, (_, part)| part(world));
        let snapshot = world.snapshot();
        let facts = Facts::of(&snapshot);
        let found = analyze(&facts).unwrap();
        if !(found.causes.is_empty() && found.unexplained.is_empty() && found.doubts.is_empty()) {
            continue;
        }
        let own = |o: &&serde_json::Value| {
            o["metadata"].get("ownerReferences").is_none() && o["kind"] != "StorageClass" && o["kind"] != "IngressClass"
        };
        for object in world.objects().iter().filter(own) {
            let name = object["metadata"]["name"].as_str().unwrap();
            let listed = found.seen.iter().any(|s| s.object.name == name && s.object.kind.name() == object["kind"]);
            assert!(listed || object["kind"] == "Node", "{mask:b}: {name} was not judged: {:?}", found.seen);
        }
    }
}

#[test]
fn container_that_a_probe_ends_is_told_with_the_words_of_that_probe() {
    let world = cluster()
        .app(deployment("lakes").waiting("CrashLoopBackOff", "back-off 20s restarting failed container"))
        .event("Pod", "lakes-rs1-0", "Unhealthy", "Liveness probe failed: connection refused on liveness")
        .event("Pod", "lakes-rs1-0", "Killing", "Container app failed liveness probe, will be restarted")
        .event("Pod", "lakes-rs1-0", "Unhealthy", "Readiness probe failed: connection refused on readiness");
    let found = world.diagnosis();
    let said = found.unexplained.iter().map(|s| s.summary.as_str()).collect::<Vec<_>>().join("\n");
    assert!(said.contains("failed liveness probe") && said.contains("on liveness") && !said.contains("on readiness"), "{said}");
    let quoted: Vec<&str> = found.evidence.iter().map(|(_, e)| e.text.as_str()).collect();
    assert!(quoted.iter().any(|q| q.contains("on liveness")) && !quoted.iter().any(|q| q.contains("on readiness")), "{quoted:?}");
    let stopped = cluster().app(deployment("lakes").waiting("CrashLoopBackOff", "back-off 20s")).event(
        "Pod",
        "lakes-rs1-0",
        "Killing",
        "Stopping container probe",
    );
    assert!(stopped.wrong().iter().all(|said| !said.contains("Killing")), "{:?}", stopped.wrong());
}

#[test]
fn service_of_a_workload_that_creates_no_pods_is_no_trouble_of_its_own() {
    let world = cluster()
        .app(deployment("blog"))
        .edit(
            "Deployment",
            "blog",
            json!({"status": {"replicas": 0, "updatedReplicas": 0, "readyReplicas": 0, "availableReplicas": 0,
            "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}]}}),
        )
        .without("Pod", "blog-rs1-0")
        .service("blog", json!({"app": "blog"}))
        .event(
            "ReplicaSet",
            "blog-rs1",
            "FailedCreate",
            "pods \"blog-x\" is forbidden: failed quota: namespace-quota: must specify limits.cpu",
        );
    let wrong = world.wrong();
    let [said] = wrong.as_slice() else { panic!("{wrong:#?}") };
    assert!(said.starts_with("deployment/blog: cannot create its Pods"), "{said}");
    assert!(said.contains("must specify limits.cpu") && said.ends_with("so Service `blog` has no endpoints"), "{said}");
}

#[test]
fn daemon_set_that_wants_nobody_is_told_alike_by_selector_and_by_affinity() {
    let affine = |key: &str, operator: &str| {
        let terms = json!([{"matchExpressions": [{"key": key, "operator": operator, "values": if operator == "In" { json!(["x"]) } else { json!([]) }}]}]);
        let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
        cluster().app(daemon_set("agent").replicas(0).spec(json!({"affinity": {"nodeAffinity": required}})))
    };
    let selecting = |key: &str| cluster().app(daemon_set("agent").replicas(0).spec(json!({"nodeSelector": {key: "x"}})));
    for world in [selecting("example.com/gpu"), affine("example.com/gpu", "In"), affine("example.com/gpu", "Exists")] {
        let doubts = world.doubts();
        assert!(doubts.iter().any(|d| d.contains("no node qualifies for its") && d.contains("example.com/gpu")), "{doubts:?}");
    }
    for world in [selecting("kubernetes.io/os"), affine("kubernetes.io/os", "In")] {
        assert!(world.is_healthy(), "{:?}", world.doubts());
    }
    let preferred = cluster().app(
        daemon_set("agent")
            .replicas(0)
            .spec(json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}})),
    );
    assert!(preferred.wrong().iter().any(|said| said.contains("no node qualifies")), "only taints keep it away: {:?}", preferred.wrong());
}

#[test]
fn number_that_nothing_shows_to_be_open_is_no_answer_about_connections() {
    let world = || served().said("connections to web are refused: connection refused");
    says(&world(), "neither a declared port nor a probe of the Pods shows that anything listens there");
    let open = |part: serde_json::Value| {
        let mut container = json!({"name": "app", "image": "a:1"});
        container.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        cluster().app(deployment("web").spec(json!({"containers": [container]}))).service("web", json!({"app": "web"}))
    };
    for part in [json!({"ports": [{"containerPort": 8080}]}), json!({"readinessProbe": {"tcpSocket": {"port": 8080}}})] {
        assert!(open(part.clone()).said("web: connection refused").is_healthy(), "{part}");
    }
    assert!(served().said("is web fine?").is_healthy());
}

#[test]
fn addresses_are_counted_for_the_port_that_they_serve() {
    let with = |name: &str, port: &str| {
        let ports = json!([{"name": port, "containerPort": 8080}]);
        deployment(name)
            .labels(json!({"app": "web", "part": name}))
            .spec(json!({"containers": [{"name": "app", "image": "a:1", "ports": ports}]}))
    };
    let port = json!({"spec": {"ports": [{"port": 80, "targetPort": "http"}]}});
    let world = |other| {
        cluster().app(with("new", "http")).app(with("old", other)).service("web", json!({"app": "web"})).edit(
            "Service",
            "web",
            port.clone(),
        )
    };
    let seen = |world: &World| world.diagnosis().seen.iter().find(|s| s.object.name == "web").unwrap().how.clone();
    assert_eq!(seen(&world("http")), "has 2 ready addresses");
    assert_eq!(seen(&world("web")), "has 1 ready address for its port 80, of 2 ready addresses");
}

#[test]
fn port_of_another_protocol_is_told_with_the_protocol() {
    let containers = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"name": "dns", "containerPort": 53}]}]});
    let world = |target: serde_json::Value| {
        let ports = json!({"spec": {"ports": [{"port": 53, "protocol": "UDP", "targetPort": target}]}});
        cluster().app(deployment("web").spec(containers.clone())).service("web", json!({"app": "web"})).edit("Service", "web", ports)
    };
    says(&world(json!(53)), "its port 53 (UDP) leads to port 53");
    says(&world(json!("dns")), "they have `dns` (53) (TCP)");
}

#[test]
fn stateful_set_without_its_governing_service_is_not_healthy() {
    let set = || cluster().app(stateful_set("db").with(json!({"serviceName": "db-peers"})));
    says(&set(), "the Service `db-peers` that its `serviceName` names does not exist");
    assert!(set().service("db-peers", json!({"app": "db"})).is_healthy());
    assert!(!set().hiding(Kind::Service).wrong().iter().any(|w| w.contains("db-peers")), "what was not read may be there");
}

#[test]
fn update_that_a_strategy_holds_back_is_an_answer_for_who_asks() {
    let held = |strategy: serde_json::Value| {
        let change = json!({"spec": {"updateStrategy": strategy}, "status": {"updatedReplicas": 0, "updateRevision": "r2"}});
        served().app(stateful_set("db").replicas(2)).edit("StatefulSet", "db", change)
    };
    for strategy in [json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}), json!({"type": "OnDelete"})] {
        says(&held(strategy.clone()).said("db still runs the old version"), "Pods of an older revision stay");
        assert!(held(strategy).is_healthy());
    }
}

#[test]
fn ingress_that_leads_to_what_is_scaled_to_zero_is_an_answer_for_who_asks() {
    let world = || {
        served().app(deployment("legacy").replicas(0)).service("legacy", json!({"app": "legacy"})).yaml(NGINX).yaml(&ingress(
            "ingressClassName: nginx, ",
            "legacy",
            80,
        ))
    };
    for words in ["shop.example gives 503", "https://shop.example/ does not open", "the ingress shop gives 503", "we get 503"] {
        says(&world().said(words), "the workload behind it is scaled to zero");
    }
    assert!(world().is_healthy() && world().said("is web healthy?").is_healthy());
}

#[test]
fn readiness_gate_that_holds_a_pod_is_named() {
    let gated = json!({"spec": {"readinessGates": [{"conditionType": "example.com/load-balancer"}]},
        "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]}});
    let world = cluster().app(deployment("web")).edit("Pod", "web-rs1-0", gated);
    let world = world.edit("Deployment", "web", json!({"status": {"readyReplicas": 0, "availableReplicas": 0}}));
    let found = world.diagnosis();
    let said = format!("{:?} {:?}", found.unexplained, found.in_progress);
    assert!(said.contains("its readiness gate `example.com/load-balancer` is not True"), "{said}");
}

#[test]
fn service_that_publishes_addresses_of_pods_that_are_not_ready_is_not_healthy_by_them() {
    let published = |app: crate::analyze::testing::App| {
        let slice = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web-x", "namespace": "a-team", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.7"], "conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": "web-rs1-0"}}]});
        let publishes = json!({"spec": {"publishNotReadyAddresses": true}});
        cluster()
            .app(app)
            .service("web", json!({"app": "web"}))
            .edit("Service", "web", publishes)
            .object(slice)
            .said("the service web does not answer")
    };
    let how = |world: &World| format!("{:?} {:?}", world.diagnosis().seen, world.diagnosis().doubts);
    let ready = published(deployment("web"));
    assert!(how(&ready).contains("1 ready address"), "{}", how(&ready));
    let crashing = published(deployment("web").waiting("CrashLoopBackOff", "back-off"));
    assert!(!how(&crashing).contains("1 ready address"), "{}", how(&crashing));
    assert!(how(&crashing).contains("publishNotReadyAddresses"), "{}", how(&crashing));
}
