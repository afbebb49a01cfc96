# make test     everything that proves it, a real Kubernetes included; fetches and builds what it needs by itself
# make lint     format, clippy, docs, licenses
# make cluster  a real Kubernetes to use by hand, until ctrl-c
# make record   what the real cluster says about every case, kept in fixtures/cases/*/recorded; CASE=name for one
# make bench    start-up, memory and the article's case, measured
# make scale    the rules on 2,500 to 20,000 Pods, measured; FAULT=crash, claim, config, node, image or selector
.PHONY: test lint cluster record bench scale

test:
	tests/run

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
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
