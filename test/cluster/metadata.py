# SPDX-License-Identifier: Apache-2.0
# A cloud's metadata service, as AWS, Google Cloud and Azure have it: it tells that the machine is
# taken back once there is a file. Usage: metadata.py PORT aws|gcp|azure|other FILE
# FILE: the seconds that are left, as of its writing. Each question is a line on stdout.
import http.server
import json
import os
import sys
import time
from email.utils import formatdate

port, cloud, notice = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tokens = 0


def end():
    try:
        with open(notice) as f:
            return os.stat(notice).st_mtime + float(f.read() or 30)
    except FileNotFoundError:
        return None


class Service(http.server.BaseHTTPRequestHandler):
    def say(self, status, text="", kind="text/plain"):
        print(self.command, self.path, status, flush=True)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if cloud == "gcp":
            self.send_header("Metadata-Flavor", "Google")
        self.end_headers()
        self.wfile.write(body)

    def aws(self):
        global tokens
        if self.command == "PUT" and self.path == "/latest/api/token":
            if not self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "").isdigit():
                return self.say(400)
            tokens += 1
            return self.say(200, "token-%d" % tokens)
        # Each token is forgotten once, so that a new one must be taken.
        given = self.headers.get("X-aws-ec2-metadata-token")
        if given != "token-%d" % tokens or tokens < 2:
            return self.say(401)
        if self.path != "/latest/meta-data/spot/instance-action" or end() is None:
            return self.say(404, "not found")
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end()))
        self.say(200, json.dumps({"action": "terminate", "time": at}))

    def gcp(self):
        if self.headers.get("Metadata-Flavor") != "Google":
            return self.say(403)
        if self.path != "/computeMetadata/v1/instance/preempted":
            return self.say(404)
        self.say(200, "FALSE" if end() is None else "TRUE")

    def azure(self):
        if self.headers.get("Metadata") != "true":
            return self.say(400)
        if self.path.startswith("/metadata/instance/compute/name?"):
            return self.say(200, "machine-7")
        if not self.path.startswith("/metadata/scheduledevents?api-version="):
            return self.say(404)
        events = [{"EventType": "Preempt", "Resources": ["machine-6"], "NotBefore": ""},
                  {"EventType": "Freeze", "Resources": ["machine-7"], "NotBefore": ""}]
        if end() is not None:
            events.append({"EventType": "Preempt", "Resources": ["Machine-7"],
                           "NotBefore": formatdate(end(), usegmt=True)})
        self.say(200, json.dumps({"DocumentIncarnation": 1, "Events": events}))

    def other(self):
        # Whoever else answers there: too much, and for ever.
        if self.path.endswith("/preempted"):
            return self.say(200, "TRUE")
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 4096)
                time.sleep(0.01)
        except OSError:
            print("gone", flush=True)

    def do_GET(self):
        getattr(self, cloud)()

    do_PUT = do_GET

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Service).serve_forever()
