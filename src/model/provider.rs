//! One model of one provider: prompts become requests, failures become faults that name it, and everything ends when nobody waits for it.

use super::attempts::pause;
use super::bill::Bill;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::exchange::{Incoming, Reading, exchange};
use super::failure::Failure;
use super::openai::Dialect;
use super::patience::Patience;
use super::spans;
use super::{anthropic, openai};
use crate::domain::base_url::BaseUrl;
use crate::domain::dialogue::{Prompt, Reply};
use crate::domain::model_name::Provider;
use crate::domain::provider_key::ProviderKey;
use crate::ports::{Clock, Entropy, Model, ModelFault, ModelFaultKind};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use http_body_util::Full;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

const AGENT: &str = concat!("kubemend/", env!("CARGO_PKG_VERSION"));
/// How often a request is worded otherwise after a rejection: once for each thing that servers take differently.
const WORDINGS: usize = 4;

/// See the module.
pub(super) struct ProvidersModel {
    endpoint: Endpoint,
    patience: Patience,
    connection: Connection,
    /// What this server takes, as far as it is known.
    dialect: Mutex<Dialect>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl ProvidersModel {
    pub(super) fn new(endpoint: Endpoint, patience: Patience, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let dialect = Mutex::new(Dialect::of(endpoint.base_url.is_none()));
        Self { endpoint, patience, connection: Connection::default(), dialect, clock, entropy }
    }

    fn fault(&self, failure: &Failure, key: Option<&ProviderKey>) -> ModelFault {
        let secrets = || key.into_iter().chain(self.endpoint.headers.iter().map(|(_, value)| value));
        let said = failure.quoted(|text| secrets().fold(text.to_owned(), |text, secret| secret.out_of(&text)));
        ModelFault { model: self.endpoint.name.to_string(), kind: failure.kind, status: failure.status, said, lost: Vec::new() }
    }

    fn cancelled(&self) -> ModelFault {
        self.fault(&Failure::new(ModelFaultKind::Cancelled, ""), None)
    }

    async fn asked(&self, prompt: &Prompt, key: Option<&ProviderKey>, bill: &Bill) -> Result<Reply, Failure> {
        let address = self.address();
        let headers = self.headers(key)?;
        let (mut done, mut wordings) = (0_u32, 0);
        loop {
            let dialect = *self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
            let mut request = Request::post(&address).body(Full::new(self.body(prompt, dialect)));
            if let Ok(request) = &mut request {
                *request.headers_mut() = headers.clone();
            }
            let request = request.map_err(|_| Failure::new(ModelFaultKind::BadRequest, "the base URL cannot be used"))?;
            let reading = Reading::new(self.endpoint.name.provider(), prompt.messages.len(), self.patience.reply_bytes);
            let incoming = Incoming::new(reading, self.patience.line_bytes);
            let how = (self.name(), self.patience, self.clock.now());
            let failure = match exchange(&self.connection, request, incoming, bill, how).await {
                Ok(reply) => {
                    bill.answered();
                    return Ok(Reply { lost: bill.lost(self.name()), ..reply });
                }
                Err(failure) => failure,
            };
            bill.failed(failure.free);
            if let Some(other) = self.other_wording(dialect, &failure).filter(|_| wordings < WORDINGS) {
                wordings = wordings.saturating_add(1);
                *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = other;
                continue;
            }
            done = done.saturating_add(1);
            let Some(wait) = pause(&failure, done, self.patience, self.entropy.as_ref()) else { return Err(failure) };
            tracing::debug!(model = self.name(), kind = %failure.kind, ?wait, "asking once more");
            tokio::time::sleep(wait).await;
        }
    }

    fn other_wording(&self, dialect: Dialect, failure: &Failure) -> Option<Dialect> {
        dialect.after(failure).filter(|_| self.endpoint.name.provider() == Provider::OpenAi)
    }

    fn address(&self) -> String {
        let provider = self.endpoint.name.provider();
        let path = match provider {
            Provider::OpenAi => openai::PATH,
            Provider::Anthropic => anthropic::PATH,
        };
        self.endpoint.base_url.clone().unwrap_or_else(|| BaseUrl::own(provider)).of(path)
    }

    fn body(&self, prompt: &Prompt, dialect: Dialect) -> Bytes {
        let body = match self.endpoint.name.provider() {
            Provider::OpenAi => openai::body(prompt, &self.endpoint.name, dialect),
            Provider::Anthropic => anthropic::body(prompt, &self.endpoint.name),
        };
        body.to_string().into()
    }

    fn headers(&self, key: Option<&ProviderKey>) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
        let unusable = |_| Failure::new(ModelFaultKind::Auth, "the key cannot be sent in a header");
        let mut secret = |name: HeaderName, text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(unusable)?;
            value.set_sensitive(true);
            headers.insert(name, value);
            Ok::<_, Failure>(())
        };
        if self.endpoint.name.provider() == Provider::Anthropic {
            secret(HeaderName::from_static("anthropic-version"), anthropic::VERSION)?;
        }
        match (self.endpoint.name.provider(), key) {
            (Provider::OpenAi, Some(key)) => secret(header::AUTHORIZATION, &format!("Bearer {}", key.for_a_header()))?,
            (Provider::Anthropic, Some(key)) => secret(HeaderName::from_static("x-api-key"), key.for_a_header())?,
            (_, None) => {}
        }
        for (name, value) in &self.endpoint.headers {
            let name =
                name.parse().map_err(|_| Failure::new(ModelFaultKind::BadRequest, "a name in `model-headers` is not one of a header"))?;
            secret(name, value.for_a_header())?;
        }
        Ok(headers)
    }
}

#[async_trait]
impl Model for ProvidersModel {
    fn name(&self) -> &str {
        self.endpoint.name.as_str()
    }

    async fn complete(&self, prompt: &Prompt, cancelled: &CancellationToken) -> Result<Reply, ModelFault> {
        let bill = Bill::default();
        let span = spans::chat(&self.endpoint.name, prompt);
        let work = async {
            let key = self
                .endpoint
                .key
                .read()
                .await
                .map_err(|fault| self.fault(&Failure::new(ModelFaultKind::Auth, &fault.to_string()), None))?;
            let asked = tokio::time::timeout(self.patience.whole, self.asked(prompt, key.as_ref(), &bill)).await;
            let within = format!("no whole answer within {} s", self.patience.whole.as_secs());
            asked.unwrap_or_else(|_| Err(Failure::transport(&within))).map_err(|failure| self.fault(&failure, key.as_ref()))
        };
        // What is dropped closes its connection: nothing goes on behind the back of who asked.
        let answered = tokio::select! {
            biased;
            () = cancelled.cancelled() => Err(self.cancelled()),
            answered = work.instrument(span.clone()) => answered,
        };
        spans::answered(&span, &answered);
        answered.map_err(|fault| ModelFault { lost: bill.lost(self.name()), ..fault })
    }
}
