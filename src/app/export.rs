//! Spans on their way to a collector: OTLP over HTTP, as protobuf, where the standard variables of OpenTelemetry name one. Only spans of this
//! program are sent, and no line of its log; they have no text of a cluster, of a model or of a person. Nothing is written to stdout.

use crate::config::Environment;
use crate::model::{HttpsClient, https_client};
use anyhow::Context;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry::Key;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tokio::runtime::Runtime;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// What begins so is ours.
const OURS: &str = env!("CARGO_PKG_NAME");
/// One request may take so long: OTLP's own default.
const PATIENCE: Duration = Duration::from_secs(10);
/// The end of the program waits so long for what was not sent yet.
const LAST: Duration = Duration::from_secs(2);
/// As much of an answer as is read, in bytes: it has a line or two.
const ANSWER: usize = 64 * 1024;

/// Sends spans until it is ended.
#[derive(Debug)]
pub struct Spans(SdkTracerProvider);

impl Spans {
    /// To the collector that the environment names, if it names one.
    ///
    /// # Errors
    /// What it says of the collector cannot be used.
    pub(super) fn of(environment: &Environment) -> anyhow::Result<Option<Self>> {
        if !environment.names_a_collector() {
            return Ok(None);
        }
        Self::made(None).map(Some)
    }

    /// To this address, whatever the environment says.
    ///
    /// # Errors
    /// It is no address.
    pub fn to(endpoint: &str) -> anyhow::Result<Self> {
        Self::made(Some(endpoint))
    }

    fn made(endpoint: Option<&str>) -> anyhow::Result<Self> {
        // What the builder is not told, it takes from the environment.
        let mut builder = SpanExporter::builder().with_http().with_http_client(Carrier::new()?).with_protocol(Protocol::HttpBinary);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let exporter = builder.build().context("spans cannot be exported: see the variables `OTEL_EXPORTER_OTLP_…`")?;
        let given = Resource::builder().build();
        let name = given.get(&Key::from_static_str("service.name")).map(|name| name.to_string());
        let is_named = name.is_some_and(|name| !name.starts_with("unknown_service"));
        let resource = if is_named { given } else { Resource::builder().with_service_name(OURS).build() };
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// What takes in the spans of this program.
    pub fn layer<S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync>(&self) -> impl Layer<S> + Send + Sync + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(OURS))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|of| of.is_span() && of.target().split("::").next() == Some(OURS)))
    }

    /// The same for a subscriber with nothing else in it yet.
    pub(super) fn beside(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        Box::new(self.layer())
    }

    /// Sends what is left, within a bound. What cannot be sent then is lost, and nothing fails for it.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::debug!(%error, "not all spans could be exported");
        }
    }
}

/// Carries requests on the thread that the exporter has for them, over the HTTP client that also carries prompts.
#[derive(Debug)]
struct Carrier {
    /// Taken when it ends.
    runtime: Option<Runtime>,
    client: HttpsClient,
}

impl Carrier {
    fn new() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start exporting spans")?;
        let client = https_client(PATIENCE).map_err(|why| anyhow::anyhow!("spans cannot be exported: {why}"))?;
        Ok(Self { runtime: Some(runtime), client })
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        // Nobody waits for it, wherever it is dropped.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let Some(runtime) = &self.runtime else { return Err("exporting has ended".into()) };
        let sending = async {
            let (head, body) = self.client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        // The thread is the exporter's own: nothing else waits on it.
        runtime.block_on(async { tokio::time::timeout(PATIENCE, sending).await })?
    }
}
