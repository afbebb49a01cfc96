//! Embeds kubemend: bring a cluster, a store and somebody who approves.
//! Runs against the embedded cluster, so nothing has to be installed: `cargo run --example embed`.

use kubemend::clock::{SystemClock, SystemEntropy};
use kubemend::cluster::connect::over;
use kubemend::domain::{issue::Issue, limits::Limits, object::Namespace};
use kubemend::execute::Executor;
use kubemend::ports::{Clock, ClusterRead};
use kubemend::sim::{MadeImage, Sim, World};
use kubemend::store::MemoryStore;
use kubemend::workflow::{Approver, Caller, Parts, Problem, Remediation, Timing};
use std::{error::Error, io::Write, sync::Arc, time::Duration};

async fn remediate(remediation: &Remediation) -> Result<(), Box<dyn Error>> {
    // Nobody watches and nobody interrupts; see `Caller` for progress, cancelling, and how far a call may go.
    let caller = Caller::silent();
    let issue = Issue::parse("Something is wrong with my database in the a-team namespace")?;
    let problem = Problem { issue: Some(issue), ..Problem::default() };
    let opened = remediation.open(&problem, &caller).await?;
    let mut report = opened.report;
    if let Some(question) = opened.question {
        // Show it to the person who decides, in any way you like: nothing is written until the approval comes back with this token.
        writeln!(std::io::stdout(), "{}\n", question.text)?;
        let by = Approver::Library("examples/embed".to_owned());
        report = remediation.approve(&question.session, &question.token, &question.digest, by, &caller).await?;
    }
    Ok(writeln!(std::io::stdout(), "{}\n{}", report.status.as_str(), report.summary)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (sim, running) = Sim::new(World::standard(clock.now()));
    sim.add_images(MadeImage::parse_yaml(include_str!("../src/cli/demo/images.yaml"))?);
    sim.apply_yaml("a-team", include_str!("../src/cli/demo/deployment.yaml"))?;

    // With a client of your own: `over_client(client, "context", "host:port", namespace)`.
    let cluster = over(sim.service(), "embedded", "in memory", Namespace::parse("a-team")?);
    let read: Arc<dyn ClusterRead> = Arc::new(cluster.read);
    let remediation = Remediation::new(Parts {
        executor: cluster.write.map(|write| Executor::new(write, read.clone(), clock.clone())),
        read,
        store: Arc::new(MemoryStore::new()), // or `SqliteStore::at(path)`, or your own `SessionStore`
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        limits: Limits::default(),
        timing: Timing::default(),
        allowed: kubemend::probe::Allowed::default(),
        own_model: None,
    });
    let work = async {
        clock.sleep(Duration::from_secs(1)).await; // the scheduler must see the Pod first
        remediate(&remediation).await
    };
    tokio::select! {
        () = running => Ok(()),
        done = work => done,
    }
}
