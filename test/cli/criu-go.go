// SPDX-License-Identifier: Apache-2.0
//
// A Go program for the backend criu: a TCP server that squares numbers, clients that stay
// connected to it, and goroutines that count. When WORK/verify is there, it says in WORK/result
// whether all of that has gone on.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

var ticks [8]atomic.Int64
var answers [3]atomic.Int64
var failure atomic.Value

func serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		var n int64
		if _, err := fmt.Fscanf(in, "%d\n", &n); err != nil {
			return
		}
		fmt.Fprintf(c, "%d\n", n*n)
	}
}

func client(address string, i int) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		failure.Store(err.Error())
		return
	}
	in := bufio.NewReader(c)
	for n := int64(0); ; n++ {
		var got int64
		fmt.Fprintf(c, "%d\n", n)
		if _, err := fmt.Fscanf(in, "%d\n", &got); err != nil || got != n*n {
			failure.Store(fmt.Sprint("client ", i, ": ", got, " for ", n, ", ", err))
			return
		}
		answers[i].Add(1)
		time.Sleep(10 * time.Millisecond)
	}
}

func verdict() string {
	var before [3]int64
	var ticked [8]int64
	for i := range answers {
		before[i] = answers[i].Load()
	}
	for i := range ticks {
		ticked[i] = ticks[i].Load()
	}
	time.Sleep(time.Second)
	if text := failure.Load(); text != nil {
		return "FAIL: " + text.(string)
	}
	for i := range answers {
		if answers[i].Load() == before[i] {
			return "FAIL: a client waits"
		}
	}
	for i := range ticks {
		if ticks[i].Load() == ticked[i] {
			return "FAIL: a goroutine stands still"
		}
	}
	return "PASS"
}

func main() {
	os.Chdir(os.Args[1])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			if c, err := listener.Accept(); err == nil {
				go serve(c)
			}
		}
	}()
	for i := range answers {
		go client(listener.Addr().String(), i)
	}
	for i := range ticks {
		go func(i int) {
			for range time.Tick(5 * time.Millisecond) {
				ticks[i].Add(1)
			}
		}(i)
	}
	for answers[0].Load() < 20 && failure.Load() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	os.WriteFile("ready", nil, 0o644)
	for {
		if _, err := os.Stat("verify"); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	os.WriteFile("result.new", []byte(verdict()+"\n"), 0o644)
	os.Rename("result.new", "result")
}
