//! Ordinary words, which name nothing: of the language, of faults, and of computers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Grammar, time and quantity; how people say that something is wrong; what everything in a cluster is called.
const COMMON: &str = "
a an the this that these those it its i me my mine we our ours us you your he she they them their his her who whom whose what which
and or but nor so if then else than as at by for from in into of off on onto out over to up with without within inside outside under
above below between among across through during before after since until till because while when where why how about against per via
is are was were be been being am isn aren wasn weren do does did done doing don doesn didn has have had having haven hasn hadn
will would shall should can could may might must won wouldn shouldn couldn cannot cant wont dont doesnt didnt isnt arent ll re ve
not no yes none never ever always often sometimes again already still yet just only even also too very much many more most less least
few several some any every each all both either neither other others another same different own such whole entire one two three four
five six seven eight nine ten once twice first second third last next new old now today yesterday tomorrow tonight morning night
hour hours minute minutes second seconds day days week weeks month months ago long late later soon early time times moment while
there here nowhere somewhere everywhere something anything everything nothing someone anyone everyone somebody anybody everybody
nobody thing things stuff lot lots bit kind sort part parts way ways else please thanks thank hello hi hey help
wrong broken break breaks broke breaking down bad weird odd strange funny unhealthy healthy fine ok okay good well better worse
issue issues problem problems trouble error errors fault faults faulty bug bugs failure failures fail fails failed failing incident
crash crashes crashed crashing crashloop crashloopbackoff loop loops looping restart restarts restarted restarting hang hangs hanging
hung stuck slow slowly slower fast laggy dead die dies died dying kill kills killed start starts started starting startup begin begins
began run runs ran running stop stops stopped stopping work works worked working unable able seem seems seemed look looks looking
looked see sees saw seen show shows showing say says said tell tells told ask asks asked get gets got getting give gives gave go goes
went gone going come comes came coming keep keeps kept keeping stay stays stayed become becomes became happen happens happened
happening try tries tried trying want wants wanted need needs needed use uses used using make makes made making take takes took put
puts let lets find finds found check checks checked checking fix fixes fixed fixing repair solve investigate diagnose debug analyze
analyse analysis think thinks believe know knows known notice noticed report reports reported complain complains complaining
change changes changed changing update updates updated updating upgrade upgrades upgraded upgrading deploy deploys deployed
deploying redeploy redeployed roll rolls rolled rolling rollout rollouts rollback release releases released install installed installing
create creates created creating delete deletes deleted deleting remove removed removing add adds added adding apply applied move
moved merge merged push pushed pull pulled pulling schedule scheduled scheduling unschedulable ready unready notready pending
waiting wait waits waited terminating terminated evicted evicting unavailable available reachable unreachable respond responds
responding responded response answer answers answering return returns returned refuse refuses refused reject rejected accept accepts
accepted load loads loading loaded open opens opened close closes closed serve serves served serving deliver delivers delivered
connect connects connected connecting timeout timeouts timed expired missing lost empty full exist exists existed existing enough
correct correctly incorrect proper properly normal normally expected unexpected unexpectedly suddenly completely totally really maybe
perhaps probably possibly apparently actually currently recently lately constantly continuously random randomly weirdly like likely
due reason cause causes caused causing result results root status state condition health healthcheck readiness liveness
pod pods container containers deployment deployments workload workloads replica replicas namespace namespaces ns cluster clusters
kubernetes k8s kubectl object objects resource resources component components system systems application applications app apps
program programs software process processes service services svc environment environments env server servers machine machines
thing image images version versions log logs message messages event events config configuration configurations setting settings
user users customer customers client clients team teams people person colleague colleagues developer developers boss operator
colleague's somebody's production-like readonly read write only mode up-to date uptime downtime downtimes outage mail online offline
affected failing-over right left top bottom high low big small large huge high-level main current default previous former latest
named called name names main total count number numbers percent times min max zero oom oomkilled imagepullbackoff errimagepull
http https tcp udp ip url port ports code codes exit signal cpu memory ram disk gb mb ms sec
etwas ist der die das und nicht mein meine kaputt im in geht läuft";

static SET: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| COMMON.split_whitespace().collect());

/// Whether it is one of them.
pub(super) fn is_common(word: &str) -> bool {
    SET.contains(word) || word.chars().count() < 2 || word.bytes().all(|b| b.is_ascii_digit())
}
