package up

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/component-base/version"

	"kmcluster/internal/cgroup"
	"kmcluster/internal/identity"
	"kmcluster/internal/layout"
	"kmcluster/internal/pki"
	"kmcluster/internal/runs"
	"kmcluster/internal/world"
)

// Up runs a cluster until it is told to stop.
func Up(args []string) (err error) {
	runtime.LockOSThread() // see startWorld
	begin := time.Now()
	say := func(format string, a ...any) {
		fmt.Printf("%6.2fs %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, a...))
	}
	stop := stopSignals() // from here on everything is removed, however early it ends
	place, err := FindPlace()
	if err != nil {
		return err
	}
	o, err := Parse(args)
	if err != nil {
		return err
	}
	if err := Sweep(say); err != nil {
		say("not all of an earlier run could be removed: %v", err)
	}
	if o.UntilStdinCloses {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- errors.New("standard input closed")
		}()
	}
	lock, err := lockFolder(o.Dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	run, err := register(o)
	if err != nil {
		return err
	}
	defer func() {
		if e := clean(run.Record); e != nil {
			err = errors.Join(err, fmt.Errorf("not everything was removed; `kmcluster sweep` tries again: %w", e))
			return
		}
		err = errors.Join(err, run.Done())
		say("stopped, nothing left")
	}()
	ready, in, err := start(o, place, run)
	if err != nil {
		return err
	}
	defer in.stop()
	if run.World = runs.Of(in.cmd.Process.Pid); run.World.Start != "" {
		if err := run.Save(); err != nil {
			return err
		}
	}
	for {
		select {
		case why := <-stop:
			say("stopping: %v", why)
			return nil
		case r, running := <-in.reports:
			switch {
			case !running:
				return fmt.Errorf("the cluster ended by itself; last lines of world.log:\n%s", layout.Tail(filepath.Join(o.Dir, layout.Logs, "world.log"), 12))
			case r.Fail != "":
				return errors.New(r.Fail)
			case r.Say != "":
				say("%s", r.Say)
			case r.Ready:
				if err := announce(o, ready, say); err != nil {
					return err
				}
			}
		}
	}
}

func stopSignals() chan error {
	stop := make(chan error, 8)
	signals := make(chan os.Signal, 4)
	signal.Ignore(syscall.SIGPIPE) // who reads our words may end before us
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		for s := range signals {
			select {
			case stop <- errors.New(s.String()):
			default:
			}
		}
	}()
	return stop
}

// lockFolder makes sure that one folder has one cluster.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("a cluster runs in %s already", dir)
	}
	return f, nil
}

// register notes the run before it makes anything that would have to be removed.
func register(o Options) (*runs.Run, error) {
	folder, err := RunsFolder()
	if err != nil {
		return nil, err
	}
	id := pki.Token()[:8]
	return runs.Register(folder, runs.Record{
		ID: id, PID: os.Getpid(), Started: time.Now(), Dir: o.Dir, OwnDir: o.OwnDir,
		Cgroup: cgroup.RunName(id), Remove: layout.Passing(identity.PublicFiles()),
	})
}

func start(o Options, place Place, run *runs.Run) (Ready, *inner, error) {
	tree, err := cgroup.Find(cgroup.Mount)
	if err != nil {
		return Ready{}, nil, err
	}
	var nodes []string
	for i := 1; i <= o.Nodes; i++ {
		nodes = append(nodes, layout.NodeName(i))
	}
	if err := tree.Make(run.Cgroup, nodes); err != nil {
		return Ready{}, nil, err
	}
	api, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return Ready{}, nil, err
	}
	defer api.Close()
	control, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return Ready{}, nil, err
	}
	defer control.Close()
	server := "https://" + api.Addr().String()
	kubeconfigs, err := prepareFolder(o, server)
	if err != nil {
		return Ready{}, nil, err
	}
	c := world.Config{Run: o.Dir, Usr: place.Usr, Programs: place.Programs, Network: o.Network, Nodes: o.Nodes,
		Labels: o.Labels, Cgroup: run.Cgroup, Images: o.Images, StartLimit: o.StartLimit, Secret: pki.Token()}
	in, err := startWorld(c, [2]*net.TCPListener{api, control})
	return Ready{
		Version: strings.TrimPrefix(version.Get().GitVersion, "v"), Server: server, Kubeconfigs: kubeconfigs,
		AuditLog: filepath.Join(o.Dir, layout.AuditLog), Logs: filepath.Join(o.Dir, layout.Logs), Nodes: nodes,
		Registry: o.Network.Registry(), PID: os.Getpid(),
		Control: Control{URL: "http://" + control.Addr().String(), Token: c.Secret},
	}, in, err
}

// announce writes ready.json and says the line that callers wait for.
func announce(o Options, r Ready, say func(string, ...any)) error {
	if err := r.save(o.Dir); err != nil {
		return err
	}
	say("%d nodes ready, Kubernetes %s", len(r.Nodes), r.Version)
	if o.Hand {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		fmt.Print(handText(self, o.Dir, r))
	}
	fmt.Println("ready KUBECONFIG=" + r.Kubeconfigs["oncall"])
	return nil
}

func handText(self, dir string, r Ready) string {
	return fmt.Sprintf(`
In another terminal:
  export KUBECONFIG=%s
  alias kubectl='%s kubectl'
  kubectl get nodes
Other identities: the *.kubeconfig files in %s
Who wrote what:   %s
More images:      %s image --dir %s --file images.yaml
ctrl-c ends it and removes everything.
`, r.Kubeconfigs["oncall"], self, dir, r.AuditLog, self, dir)
}
