// SPDX-License-Identifier: Apache-2.0

// The same server as keeper.c, as Go has it: a goroutine for each client, one that owns the
// counters, one that works on memory all the time, and the runtime's own threads.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"time"
)

type question struct {
	key    string
	answer chan int
}

const size = 8 << 20

// The owner of the counters: nobody else touches them.
func count(asked <-chan question) {
	counts := map[string]int{}
	for q := range asked {
		counts[q.key]++
		q.answer <- counts[q.key]
	}
}

// Memory with a sum that only its owner changes.
func work(wrong chan<- string) {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i * 2654435761 >> 7)
	}
	sum := sha256.Sum256(data)
	for n := 0; ; n++ {
		if sha256.Sum256(data) != sum {
			wrong <- fmt.Sprintf("round %d: memory has changed", n)
		}
		data[n*4099%size]++
		sum = sha256.Sum256(data)
		time.Sleep(20 * time.Millisecond)
		if n%50 == 0 {
			runtime.GC()
		}
	}
}

func serve(c net.Conn, token string, asked chan<- question, end chan<- bool) {
	defer c.Close()
	lines := bufio.NewScanner(c)
	answer := make(chan int)
	for lines.Scan() {
		word := strings.Fields(lines.Text())
		switch {
		case len(word) == 2 && word[0] == "add":
			asked <- question{word[1], answer}
			fmt.Fprintf(c, "%s %d\n", token, <-answer)
		case len(word) == 1 && word[0] == "end":
			fmt.Fprintf(c, "%s 0\n", token)
			end <- true
		default:
			return
		}
	}
}

func main() {
	token := fmt.Sprintf("%d.%d", os.Getpid(), time.Now().UnixNano())
	asked, end, wrong := make(chan question), make(chan bool), make(chan string)
	listener, err := net.Listen("tcp4", ":"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	runtime.GOMAXPROCS(4)
	go count(asked)
	go work(wrong)
	go func() {
		for {
			c, err := listener.Accept()
			if err == nil {
				go serve(c, token, asked, end)
			}
		}
	}()
	select {
	case why := <-wrong:
		fmt.Fprintln(os.Stderr, "FAIL:", why)
		os.Exit(1)
	case <-end:
	}
}
