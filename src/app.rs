//! The composition root: creates the parts from the configuration, hands them to a surface, owns every task, and ends them on a signal.
//! The one file, besides the embedded cluster's, that starts tasks; the one that names every adapter.

mod clusters;
mod doctor;
mod endpoints;
#[cfg(feature = "otlp")]
mod export;
mod invocation;
mod memory;
mod misconfigured;
mod rbac;
mod recorded;
mod rights;
mod signals;
#[cfg(test)]
mod tests;

use crate::call::{Backend, Subject};
use crate::cli::args::{Cli, Command, Manifest};
use crate::cli::terminal::Terminal;
use crate::cli::{self, CliError, Exit};
use crate::clock::{SystemClock, SystemEntropy};
use crate::cluster::connect::over;
use crate::config::{Config, ConfigError, Environment, Flags};
use crate::domain::id::SessionId;
use crate::domain::object::Namespace;
use crate::execute::Executor;
use crate::mcp;
use crate::ports::{Clock, ClusterRead};
use crate::recording;
use crate::sim::{MadeImage, Sim, World};
use crate::store::MemoryStore;
use crate::workflow::{Parts, Remediation, Validate};
use anyhow::Context;
use clap::Parser;
use clusters::Clusters;
#[cfg(feature = "otlp")]
pub use export::Spans;
use misconfigured::Misconfigured;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// What takes in spans beside the log, where something does.
type Beside = Option<Box<dyn Layer<Registry> + Send + Sync>>;

/// Runs the program that the command line names, to its end. Returns the exit code.
pub fn run(line: impl IntoIterator<Item = OsString>) -> u8 {
    memory::close_it();
    let cli = match Cli::<Flags>::try_parse_from(line) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and the version are results, on stdout; the rest is a complaint, on stderr. Clap knows which is which.
            let _closed = error.print();
            if let Some(hint) = cli::args::meant(&error) {
                let _closed = Terminal::of_process().err(&hint);
            }
            return u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code());
        }
    };
    let terminal = Terminal::of_process();
    let exit = prepare(cli, &terminal).unwrap_or_else(|error| complain(&error, &terminal));
    exit.code()
}

fn prepare(cli: Cli<Flags>, terminal: &Terminal) -> anyhow::Result<Exit> {
    let command = cli.command.unwrap_or(Command::Serve);
    let environment = Environment::of_process();
    let mut config = Config::load(&cli.flags, &environment);
    #[cfg(feature = "otlp")]
    let (spans, not_exported) = match export::Spans::of(&environment) {
        Ok(spans) => (spans, false),
        // What cannot be exported stops nothing; the address may have a password in it.
        Err(_) => (None, true),
    };
    #[cfg(feature = "otlp")]
    let mut beside: Beside = spans.as_ref().map(export::Spans::beside);
    #[cfg(not(feature = "otlp"))]
    let mut beside: Beside = None;
    if log(config.as_ref().map_or("warn", |c| &c.log), &mut beside).is_err() {
        // It is a wrong option as any other: a server says so in its answers, and what needs no configuration runs.
        log("warn", &mut beside)?;
        let given = config.map_or_else(|_| String::new(), |c| c.log);
        config = Err(ConfigError::Value { origin: "the option `log`".to_owned(), given, wanted: "a log filter, such as `info`" });
    }
    #[cfg(feature = "otlp")]
    if not_exported {
        tracing::warn!("spans are not exported: the variables `OTEL_EXPORTER_OTLP_…` name no collector that takes OTLP over HTTP");
    }
    let exit = block_on(async |cancel, tasks| dispatch(command, config, terminal, cancel, tasks).await);
    #[cfg(feature = "otlp")]
    spans.into_iter().for_each(export::Spans::end);
    exit
}

/// A whole remediation is one future, and not small without optimization. What is not used of it is not taken.
const STACK: usize = 8 * 1024 * 1024;

/// Runs the work in a runtime, until it is done or a signal asks it to end.
fn block_on(work: impl AsyncFnOnce(&CancellationToken, &mut JoinSet<()>) -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // The work waits for the network; a server for one client needs no more, and every thread costs memory.
        .worker_threads(2)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    let result = runtime.block_on(async {
        let cancel = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(signals::end(cancel.clone()));
        work(&cancel, &mut tasks).await
    });
    // A question that nobody answered is still being read: it is not waited for.
    runtime.shutdown_background();
    result
}

/// Logs go to stderr: stdout belongs to results and to the protocol. Each of the two sees what it wants, whatever the other leaves out.
fn log(words: &str, beside: &mut Beside) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(words).with_context(|| format!("`{words}` is not a valid log filter"))?;
    // Colour needs a feature of tracing-subscriber, and without it this panics when asked for.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_filter(filter);
    tracing_subscriber::registry().with(beside.take()).with(lines).try_init().map_err(|e| anyhow::anyhow!("failed to start logging: {e}"))
}

/// The demonstration and the manifests need nothing, so a configuration that cannot be used ends all commands but these.
async fn dispatch(
    command: Command,
    config: Result<Config, ConfigError>,
    terminal: &Terminal,
    cancel: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<Exit> {
    if let (Ok(config), false) = (&config, matches!(command, Command::Serve)) {
        terminal.words_for(invocation::here(config));
    }
    match command {
        Command::Manifests(args) => {
            let Manifest::Rbac = args.what;
            if let Some(namespace) = args.namespace.as_ref().filter(|n| n.is_system()) {
                let why = if args.writer.is_some() || args.proposals.is_some() {
                    Some("changes nothing in it, so the writer is not bound there")
                } else {
                    args.logs.as_ref().map(|_| "shows no logs of it, so nobody is allowed to read them there")
                };
                if let Some(why) = why {
                    return Err(CliError::Usage(format!("`{namespace}` is a system namespace: kubemend {why}")).into());
                }
            }
            let subjects = rbac::Subjects {
                namespace: args.namespace.as_ref(),
                reader: args.reader.as_deref(),
                writer: args.writer.as_deref(),
                logs: args.logs.as_deref(),
                proposals: args.proposals.as_deref(),
                looks: config.is_ok_and(|config| config.investigate.offers_looks()),
            };
            terminal.out(&rbac::manifests(&subjects))?;
            Ok(Exit::Done)
        }
        Command::Demo(args) => demo(args.yes, terminal, cancel, tasks).await,
        Command::Serve => {
            if std::io::stdin().is_terminal() {
                terminal.err("serving MCP for a client on stdin and stdout (ctrl-c ends it); for people: kubemend --help\n")?;
            }
            let backend: Arc<dyn Backend> = match config {
                Ok(config) => Arc::new(Clusters::new(config)),
                Err(error) => {
                    tracing::error!("{error}");
                    Arc::new(Misconfigured::because(&error))
                }
            };
            mcp::serve(backend, cancel.clone()).await?;
            Ok(Exit::Done)
        }
        Command::Doctor(args) => {
            let lines = doctor::look(&config?, args.namespace.as_deref(), args.call_model, cancel).await;
            Ok(cli::doctor::print(&lines, terminal, args.output.output)?)
        }
        Command::Snapshot(args) => {
            let remediation = Clusters::new(config?).connected(None).await.map_err(CliError::from)?;
            let recording = cli::snapshot::record(&remediation, &args, terminal, cancel).await?;
            let text = recording::written(&recording)?;
            Ok(cli::snapshot::write(&text, &args.output, terminal)?)
        }
        Command::Analyze(args) => {
            let problem = args.problem.typed(args.all_namespaces)?;
            if let Some(file) = &args.cluster {
                let (remediation, taken_at) = recorded::at(file, &config?)?;
                return Ok(cli::analyze::analyze(&remediation, Some(taken_at), &problem, args.output.output, terminal, cancel).await?);
            }
            let remediation = Clusters::new(config?).connected(None).await.map_err(CliError::from)?;
            Ok(cli::analyze::analyze(&remediation, None, &problem, args.output.output, terminal, cancel).await?)
        }
        Command::Validate(args) => {
            let what = match &args.session {
                Some(session) => Validate::Session(session.clone()),
                None => Validate::Issue(args.problem.typed(false)?),
            };
            let remediation = on_cluster(&Clusters::new(config?), args.session.as_ref()).await?;
            Ok(cli::validate::validate(&remediation, &what, args.output.output, terminal, cancel).await?)
        }
        Command::Remediate(args) => {
            let problem = args.problem.typed(false)?;
            let clusters = Clusters::new(config?);
            let waiting = match (&args.session, &args.approve) {
                (Some(session), _) => Some(session.clone()),
                (None, Some(digest)) => clusters.records().find_open(digest).await.map_err(CliError::from)?,
                (None, None) => None,
            };
            let remediation = on_cluster(&clusters, waiting.as_ref()).await?;
            let subject = waiting.map_or(Subject::Problem(problem), Subject::Session);
            Ok(cli::remediate::remediate(&remediation, &args, &subject, terminal, cancel).await?)
        }
        Command::Approve(args) => {
            let remediation = on_cluster(&Clusters::new(config?), Some(&args.session)).await?;
            Ok(cli::remediate::approve(&remediation, &args, terminal, cancel).await?)
        }
        Command::Undo(args) => {
            let remediation = on_cluster(&Clusters::new(config?), Some(&args.session)).await?;
            Ok(cli::remediate::undo(&remediation, &args, terminal, cancel).await?)
        }
        Command::Decline(args) => Ok(cli::sessions::decline(Clusters::new(config?).records(), &args, terminal).await?),
        Command::Show(args) => Ok(cli::sessions::show(Clusters::new(config?).records(), &args, terminal).await?),
        Command::Sessions(args) => Ok(cli::sessions::sessions(Clusters::new(config?).records(), &args, terminal).await?),
    }
}

/// The use cases on a session's cluster, or on the operator's.
async fn on_cluster(clusters: &Clusters, session: Option<&SessionId>) -> Result<Remediation, CliError> {
    Ok(match session {
        Some(session) => clusters.of_session(session).await?,
        None => clusters.connected(None).await?,
    })
}

/// The demonstration: the same parts, over a cluster that lives in this process, with sessions that end with it.
async fn demo(yes: bool, terminal: &Terminal, cancel: &CancellationToken, tasks: &mut JoinSet<()>) -> anyhow::Result<Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (sim, running) = Sim::new(World::standard(clock.now()));
    tasks.spawn(running);
    sim.add_images(MadeImage::parse_yaml(cli::demo::IMAGES)?);
    sim.apply_yaml(cli::demo::NAMESPACE, cli::demo::MANIFESTS)?;
    let connected = over(sim.service(), "demo", "embedded", Namespace::parse(cli::demo::NAMESPACE)?);
    let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
    let remediation = Remediation::new(Parts {
        executor: connected.write.map(|write| Executor::new(write, read.clone(), clock.clone())),
        read: read.clone(),
        store: Arc::new(MemoryStore::new()),
        clock,
        entropy: Arc::new(SystemEntropy),
        limits: crate::domain::limits::Limits::default(),
        timing: crate::workflow::Timing::default(),
        allowed: crate::probe::Allowed::default(),
        own_model: None,
    });
    let program = std::env::current_exe().map_or_else(|_| "kubemend".to_owned(), |path| path.display().to_string());
    let stage = cli::demo::Stage { cases: &remediation, read: &*read, terminal, cancel, program, yes };
    Ok(stage.play().await?)
}

/// Prints the error with what led to it, once, and what to do next.
fn complain(error: &anyhow::Error, terminal: &Terminal) -> Exit {
    let mut chain: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        // A transparent error says what its source says.
        if chain.last() != Some(&cause) {
            chain.push(cause);
        }
    }
    let known = error.downcast_ref::<CliError>();
    let hints = known.map(CliError::hints).unwrap_or_default();
    // However the configuration is wrong, it is the operator's to correct, and nothing was tried.
    let misused = error.downcast_ref::<ConfigError>().is_some();
    let hints: String = hints.iter().map(|hint| format!("  hint: {hint}\n")).collect();
    let _closed = terminal.err(&format!("error: {}\n{hints}", chain.join(": ")));
    if misused { Exit::Usage } else { known.map_or(Exit::Failed, CliError::exit) }
}
