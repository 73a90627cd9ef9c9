#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# java with the threads of its collector and compilers, an HTTP server, its clients and computing
# threads that allocate all the time.
# options: more=180
work=$1
command -v java >/dev/null || { echo 'skip: no java' >&2; exit 77; }
java --list-modules 2>/dev/null | grep -q jdk.compiler || { echo 'skip: no JDK' >&2; exit 77; }
cat >"$work/Job.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.math.BigInteger;
import java.net.*;
import java.net.http.*;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Job {
	static String hash(String s) throws Exception {
		MessageDigest d = MessageDigest.getInstance("SHA-256");
		return String.format("%064x", new BigInteger(1, d.digest(s.getBytes())));
	}

	static String text(int n) throws Exception {
		return hash("" + n).repeat(1 + n % 200);
	}

	static void put(Path work, String name, String text) throws Exception {
		Path next = work.resolve(name + ".new");
		Files.writeString(next, text);
		Files.move(next, work.resolve(name), StandardCopyOption.ATOMIC_MOVE);
	}

	static void expect(String what, Object got, Object want) {
		if (!got.equals(want))
			throw new RuntimeException(what + ": " + got + " for " + want);
	}

	static final AtomicBoolean over = new AtomicBoolean();
	static final AtomicReference<Throwable> fault = new AtomicReference<>();

	/* Keeps a map of long strings that are replaced all the time. */
	static void churn(int seed) {
		try {
			Map<Integer, String> map = new HashMap<>();
			for (int n = 0; !over.get(); n++) {
				int k = (n * 31 + seed) % 500;
				String old = map.put(k, text(k));
				if (old != null)
					expect("churn", old, text(k));
			}
		} catch (Throwable t) {
			fault.compareAndSet(null, t);
		}
	}

	static void work(Path work) throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
		ExecutorService pool = Executors.newFixedThreadPool(4);
		server.setExecutor(pool);
		server.createContext("/", e -> {
			try {
				byte[] body = e.getRequestBody().readAllBytes();
				byte[] answer = hash(new String(body)).getBytes();
				e.sendResponseHeaders(200, answer.length);
				e.getResponseBody().write(answer);
				e.close();
			} catch (Exception x) {
				fault.compareAndSet(null, x);
			}
		});
		server.start();
		URI uri = new URI("http://127.0.0.1:" + server.getAddress().getPort() + "/");
		HttpClient client = HttpClient.newHttpClient();
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			int seed = i;
			Thread t = new Thread(() -> churn(seed));
			t.start();
			threads.add(t);
		}
		ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
		AtomicInteger ticks = new AtomicInteger();
		clock.scheduleAtFixedRate(ticks::incrementAndGet, 0, 10, TimeUnit.MILLISECONDS);
		for (int n = 0; !Files.exists(work.resolve("verify")); n++) {
			List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
			for (int k = 0; k < 6; k++)
				answers.add(client.sendAsync(HttpRequest.newBuilder(uri)
					.POST(HttpRequest.BodyPublishers.ofString(text(n + k)))
					.build(), HttpResponse.BodyHandlers.ofString()));
			for (int k = 0; k < 6; k++)
				expect("answer", answers.get(k).get().body(),
					hash(text(n + k)));
			if (fault.get() != null)
				throw new RuntimeException(fault.get());
			if (n == 20)
				put(work, "ready", "");
		}
		over.set(true);
		for (Thread t : threads)
			t.join();
		if (fault.get() != null)
			throw new RuntimeException(fault.get());
		if (ticks.get() < 10)
			throw new RuntimeException("the clock does not tick");
	}

	public static void main(String[] args) throws Exception {
		Path work = Path.of(args[0]);
		String verdict = "PASS\n";
		try {
			work(work);
		} catch (Throwable t) {
			t.printStackTrace();
			verdict = "FAIL: " + t + "\n";
		}
		put(work, "result", verdict);
		System.exit(verdict.equals("PASS\n") ? 0 : 1);
	}
}
JAVA
exec java -Xmx256m "$work/Job.java" "$work"
