//! Ordinary words, which name nothing: of the language, of faults, and of computers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Grammar, time and quantity: no name, however they are used.
const GRAMMAR: &str = "
a an the this that these those it its i me my mine we our ours us you your he she they them their his her who whom whose what which
and or but nor so if then else than as at by for from in into of off on onto out over to up with without within inside outside under
though although whereas unless whether despite regardless whenever wherever whatever above below between among across through during before after since until till because while when where why how about against per via
is are was were be been being am isn aren wasn weren do does did done doing don doesn didn has have had having haven hasn hadn
will would shall should can could may might must won wouldn shouldn couldn cannot cant wont dont doesnt didnt isnt arent ll re ve
not no yes none never ever always often sometimes again already still yet just only even also too very much many more most less least
few several some any every each all both either neither other others another same different own such whole entire one two three four
five six seven eight nine ten once twice first second third last next new old now today yesterday tomorrow tonight morning night
hour hours minute minutes second seconds day days week weeks month months ago long late later soon early time times moment while
there here nowhere somewhere everywhere something anything everything nothing someone anyone everyone somebody anybody everybody
nobody vs etc ie eg im ive dont didnt whats thats theres lets youre theyre weve hasnt havent wasnt werent shouldnt wouldnt couldnt aint";

/// How people say that something is wrong; what everything in a cluster is called; a little of other languages.
const COMMON: &str = "
rate rates progress progresses deadline deadlines exceeded exceeds exceed endpoint endpoints roof fire fires hell mess joke wall bottleneck thin air
thing things stuff lot lots bit kind sort part parts way ways please thanks thank hello hi hey help wrong broken break breaks broke
breaking down bad weird odd strange funny unhealthy healthy fine ok okay good well better worse issue issues problem problems trouble
error errors fault faults faulty bug bugs failure failures fail fails failed failing incident crash crashes crashed crashing crashloop
crashloopbackoff loop loops looping restart restarts restarted restarting hang hangs hanging hung stuck slow slowly slower fast laggy dead
die dies died dying kill kills killed start starts started starting startup begin begins began run runs ran running stop stops stopped
stopping work works worked working unable able seem seems seemed look looks looking looked see sees saw seen show shows showing say says
said tell tells told ask asks asked get gets got getting give gives gave go goes went gone going come comes came coming keep keeps kept
keeping stay stays stayed become becomes became happen happens happened happening try tries tried trying want wants wanted need needs
needed use uses used using make makes made making take takes took put puts let find finds found check checks checked checking fix fixes
fixed fixing repair solve investigate diagnose debug analyze analyse analysis think thinks believe know knows known notice noticed report
reports reported complain complains complaining change changes changed changing update updates updated updating upgrade upgrades upgraded
upgrading deploy deploys deployed deploying redeploy redeployed roll rolls rolled rolling rollout rollouts rollback release releases
released install installed installing create creates created creating delete deletes deleted deleting remove removed removing add adds
added adding apply applied move moved merge merged push pushed pull pulled pulling schedule scheduled scheduling unschedulable ready
unready notready pending waiting wait waits waited terminating terminated evicted evicting unavailable available reachable unreachable
respond responds responding responded response answer answers answering return returns returned refuse refuses refused reject rejected
accept accepts accepted load loads loading loaded open opens opened close closes closed serve serves served serving deliver delivers
delivered connect connects connected connecting timeout timeouts timed expired missing lost empty full exist exists existed existing
enough correct correctly incorrect proper properly normal normally expected unexpected unexpectedly suddenly completely totally really
maybe perhaps probably possibly apparently actually currently recently lately constantly continuously random randomly weirdly like likely
due reason cause causes caused causing result results root status state condition health healthcheck readiness liveness pod pods container
containers deployment deployments workload workloads replica replicas namespace namespaces ns cluster clusters kubernetes k8s kubectl
object objects resource resources component components system systems application applications app apps program programs software process
processes service services svc environment environments env server servers machine machines image images version versions log logs message
messages event events config configuration configurations setting settings user users customer customers client clients team teams people
person colleague colleagues developer developers boss operator readonly read write mode up-to date uptime downtime downtimes outage mail
online offline affected right left top bottom high low big small large huge high-level main current default previous former latest named
called name names total count number numbers percent min max zero oom oomkilled imagepullbackoff errimagepull http https tcp udp ip url
port ports code codes exit signal cpu memory ram disk gb mb ms sec etwas ist der das und nicht mein meine kaputt geht läuft flaky flapping
flap flaps sluggish unresponsive unstable degraded degrade degrades performance latency throughput overload overloaded saturated
intermittent spike spikes spiking drop drops dropped dropping rise rises rising increase increased increases decrease decreased timing
throw throws throwing thrown exception exceptions stacktrace traceback panic panics panicked segfault leak leaks leaking backlog lag
lagging lags burst bursts growing grows grew complaint complaints outages maintenance shift noon midday midnight weekend monday tuesday
wednesday thursday friday saturday sunday january february march april june july august september october november december summer winter
evening afternoon pm utc cet est pst alert alerts alerting alarm alarms page pages paged paging oncall sre devops engineer engineers admin
admins manager probe probes limit limits request requests requested usage capacity space disks filesystem partition mount mounts mounted
command commands args argument arguments line lines output input file files scripts binaries built ci cd cicd commit commits branch tag
tags patch patched patches flag flags hotfix bugfix test tests tested testing sanity smoke demo sample example connection connections
network networking internet traffic packet packets socket sockets handshake logged access accessed accessing denied forbidden unauthorized
authenticate backoff back-off crashlooping crashloops pullbackoff exec format oomkill oom-kill evictions preempted cordoned drained
tainted taint taints toleration tolerations affinity selector selectors label labels annotation annotations node nodes zone zones region
regions instance instances host hosts kernel linux windows arch amd64 arm64 runtime autoscaling provisioned provisioning binding bound
unbound data value values key keys field fields variable variables env-var envvar row rows table tables lists item items info information
detail details description idea ideas clue clues hint hints question questions examples fact facts points sign signs symptom symptoms
behavior effect effects impact front middle end ends ended ending half rest bunch couple pair set sets series member members
copy copies attempt attempts retry retries retried retrying success successful successfully succeed succeeds succeeded fail-over failover
switch switched switching replace replaced replacing revert reverted reverting restore restored restoring recover recovers recovered
recovery recreate recreated scale scaled scaling autoscale rescale resize resized reboot rebooted rebooting reload reloaded relaunch redo
launch launched launching boot boots booted booting spawn spawned init initialize initializes initialized initializing initialization
bootstrap bootstraps shutdown shut exits exited exiting quit quits abort aborted aborts terminate terminates enter entered hit hits
hitting miss misses missed processed processing handle handles handled handling produce produces consume consumes send sends sent sending
receive receives received receiving reads reading writes writing written save saves saved saving stored fetch fetches fetched fetching
call calls calling talk talks talking speak listen listens listening bind binds mounting attach attached attaching detach detached appear
appears appeared appearing disappear disappears disappeared disappearing hold holds held holding drag drags behave behaves behaving act
acts acting reply replies replied matters experience experiences experiencing face faces facing encounter
encounters encountered involve involves involved relate related affect affects affecting block blocks blocked blocking prevent prevents
prevented avoid guess assume suspect suspects suspected wonder hope feel feels felt wish expect expects remember forget forgot understand
explain explains describe describes tail grep curl ping wget nc nslookup dig telnet ssh watch watching asap urgent urgently critical
severe serious major minor important quick quickly easy easily hard simple simply complete partial partially entirely exact exactly sure
unsure clear clearly obvious obviously certain certainly possible impossible unlikely true false real fake common rare single double
multiple various particular general specific special usual usually distributed fresh stale clean dirty hot cold idle busy active inactive
passive alive zombie orphan orphaned invalid valid unknown undefined null nil defaults manual manually automatic automatically background
foreground concurrent parallel sequential stable permanent temporary temporarily permanently immediately instantly gradually eventually
finally initially originally previously formerly supposedly presumably basically literally absolutely highly barely hardly mostly partly
nearly almost roughly around approximately together alone instead otherwise however therefore thus hence meanwhile moreover besides
afterwards afterward anymore anyway anyhow somehow somewhat rather quite pretty fairly extremely incredibly super forever
everyday daily weekly monthly hourly nightly yearly annual red green yellow orange blue black white gray grey econnrefused econnreset
etimedout enotfound enospc eaddrinuse sigterm sigkill sigsegv notfound imagepullerror runcontainererror createcontainerconfigerror
createcontainererror invalidimagename failedscheduling failedmount failedattachvolume evictedpods deadlineexceeded backofflimitexceeded
progressdeadlineexceeded minimumreplicasunavailable errimageneverpull nodeaffinity insufficient containercreating podinitializing
completed init-container initcontainer ephemeral clusterip nodeport headless alles nichts wieder seit gestern heute mehr noch startet
funktioniert fehler probleme warum bitte hilfe langsam kein keine auf von mit für sind war hat haben wird nach bei zu zum zur ein eine
einen einem einer aber oder auch schon todo nada está esta están el la los las un una de del en con por para que qué desde ayer hoy se
lento caído caida roto rota arranca funciona errores le les des du au aux sont ne pas plus marche fonctionne démarre demarre depuis hier
rien tout toute lent lente cassé panne erreur erreurs pourquoi dans avec pour sur gonna wanna gotta pls plz thx wtf omg lol fyi btw afaik
imo idk folks guys dude sir madam dear regards cheers sorry excuse case cases shared internal external remote local public";

/// Of these, what applications are called too.
const NAMES_TOO: &str =
    "users user events event images messages message mail emails customers customer jobs services reports orders sessions
accounts alerts tickets files logs";

/// Of these, what things are called too right behind a word for their kind: `cronjob nightly`.
const NAMES_BESIDE_A_KIND: &str = "nightly daily weekly hourly monthly yearly main primary demo sample example";

/// Of these, what namespaces are called too.
const NAMESPACES_TOO: &str = "users customers mail test demo sample example examples apps shared internal external";

/// What applications run in: ordinary words, and names of namespaces.
const ENVIRONMENTS: &str = "production prod staging stage dev development testing qa uat preprod sandbox live integration canary prd stg";

const ADVERBS: &str = "very so too just still also even again always never often really totally completely suddenly currently constantly quite
pretty rather more less all both now only yet already sometimes somehow extremely super kind sort of bit little then sehr wieder noch muy très";

static GRAMMATICAL: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| GRAMMAR.split_whitespace().collect());
static SET: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| COMMON.split_whitespace().collect());

/// Whether it is one of them.
pub(super) fn is_common(word: &str) -> bool {
    is_grammar(word) || SET.contains(word)
}

/// Whether it is a word of grammar, a number or a letter.
pub(super) fn is_grammar(word: &str) -> bool {
    GRAMMATICAL.contains(word) || word.chars().count() < 2 || word.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn is_a_name_too(word: &str) -> bool {
    NAMES_TOO.split_whitespace().any(|name| name == word)
}

pub(super) fn is_a_name_beside_a_kind(word: &str) -> bool {
    NAMES_BESIDE_A_KIND.split_whitespace().any(|name| name == word)
}

/// Whether it is an ordinary word that namespaces are called too.
pub(super) fn is_a_namespace_too(word: &str) -> bool {
    NAMESPACES_TOO.split_whitespace().any(|name| name == word)
}

pub(super) fn is_environment(word: &str) -> bool {
    ENVIRONMENTS.split_whitespace().any(|name| name == word)
}

pub(super) fn is_adverb(word: &str) -> bool {
    word.ends_with("ly") || ADVERBS.split_whitespace().any(|adverb| adverb == word)
}

/// Whether it introduces the name of a namespace.
pub(super) fn is_the_word_namespace(word: &str) -> bool {
    matches!(word, "namespace" | "namespaces" | "ns")
}
