package world

import (
	"io"
	"net"
	"os"
)

// inherited makes a listener of a file that the outside handed in. It listens in the machine's network, though this
// process lives in another: so the machine reaches the cluster, and nothing else of the network is shared.
func inherited(fd uintptr, name string) (net.Listener, error) {
	f := os.NewFile(fd, name)
	defer f.Close()
	return net.FileListener(f)
}

// forward gives every connection on to an address of the cluster's network.
func forward(l net.Listener, to string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			d, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer d.Close()
			done := make(chan struct{})
			go func() {
				pump(d, c)
				close(done)
			}()
			pump(c, d)
			<-done
		}()
	}
}

// pump copies one direction and passes its end on.
func pump(to, from net.Conn) {
	_, err := io.Copy(to, from)
	t, ok := to.(*net.TCPConn)
	if err != nil || !ok {
		_ = to.Close()
		_ = from.Close()
		return
	}
	_ = t.CloseWrite()
}
