//! vectorize
