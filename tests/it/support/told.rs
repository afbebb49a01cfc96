//! Answers of the API server as they would be if somebody had written something else into the objects: no controller of the embedded
//! cluster does, and what others write into a status each of them replaces.

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, Full};
use kubemend::sim::SimBody;
use serde_json::Value;

/// The answer, with each object in it told in this way.
pub(crate) async fn told(answer: Response<SimBody>, tell: impl Fn(&mut Value)) -> Response<SimBody> {
    let (parts, body) = answer.into_parts();
    let Ok(whole) = body.collect().await;
    let bytes = whole.to_bytes();
    let said = serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object).map(|mut value| {
        match value.get_mut("items").and_then(Value::as_array_mut) {
            Some(items) => items.iter_mut().for_each(tell),
            None => tell(&mut value),
        }
        Bytes::from(value.to_string())
    });
    Response::from_parts(parts, Full::new(said.unwrap_or(bytes)).boxed_unsync())
}
