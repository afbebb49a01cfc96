# make test     all tests, on a real Kubernetes too; fetches and builds what it needs by itself
# make lint     format, clippy, docs, licenses
# make cluster  a real Kubernetes for manual use, until ctrl-c
# make record   records what the real cluster reports for every case in fixtures/cases/*/recorded; CASE=name for one
# make bench    measures start-up and memory, and the demo's case on a real Kubernetes
# make scale    measures the rules on 2,500 to 20,000 Pods; FAULT=crash, claim, config, node, image, selector, stray, lease, ingress, policy or job
# make tokens   counts what a model pays: the tool list and the results of calls, on the embedded cluster
# make clients  plays it in Claude Code, Codex, Copilot CLI and Gemini CLI: what people see, what models get
# make memory   measures what a large snapshot takes in memory
# make guards   removes each guard of the invariants once, and demands that a test notices; ID=name for one
# make evidence attacks in 15,000 runs, kills, the guards, tokens, scale and memory, with their tables
# make fuzz     fuzzes the parsers of foreign bytes, SECONDS each; TARGET=name for one
.PHONY: test lint cluster record bench scale memory tokens clients guards evidence fuzz

test:
	tests/run

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --features otlp --lib --bins --test model -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	tests/deny

cluster:
	tests/cluster/hand

record:
	tests/run --record $(CASE)

bench:
	benches/startup.sh
	benches/article.sh

scale:
	cargo bench --locked --bench scale -- $(FAULT)

memory:
	benches/memory.sh

tokens:
	cargo bench --locked --profile dev --bench tokens

guards:
	tests/guards/run $(ID)

evidence:
	tests/evidence

fuzz:
	fuzz/run $(or $(SECONDS),30) $(TARGET)

clients:
	tests/clients/play
