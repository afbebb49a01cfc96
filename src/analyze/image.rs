//! Images that cannot be pulled.

pub(super) mod img_tag_not_found;
mod known;
mod reference;
