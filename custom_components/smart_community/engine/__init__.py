"""The shell around the core: one writer, one clock, a store, an outbox and an audit."""
