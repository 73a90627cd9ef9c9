#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PyTorch's DataLoader with two worker processes, which send tensors through shared memory, and a
# network that is trained on them; the same training is repeated without workers and compared.
# options: more=300
python=/usr/bin/python3
$python -c 'import torch' 2>/dev/null || { echo 'skip: no torch for python3' >&2; exit 77; }
exec $python - "$1" <<'PY'
import os, sys
sys.path.insert(0, os.environ['CR_SOURCE'] + '/real')
from load import *
import torch
from torch.utils.data import DataLoader, Dataset

class Numbers(Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, i):
        g = torch.Generator().manual_seed(i)
        return torch.randn(2000, generator=g), torch.tensor([float(i)])

torch.set_num_threads(2)
want = [torch.stack([Numbers()[i][0] for i in range(k, k + 8)]) for k in range(0, 64, 8)]
model = torch.nn.Linear(2000, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
loader = DataLoader(Numbers(), batch_size=8, num_workers=2, persistent_workers=True)
losses = []

def step(x, y):
    optimizer.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    losses.append(float(loss))

def turn(n):
    for k, (x, y) in enumerate(loader):
        if not torch.equal(x, want[k]):
            raise AssertionError('batch %d of epoch %d differs' % (k, n))
        expect('labels', y[:, 0].tolist(), [float(i) for i in range(8 * k, 8 * k + 8)])
        step(x, y)

torch.manual_seed(1)
model.reset_parameters()

def final(n):
    global losses
    seen, losses = losses, []
    torch.manual_seed(1)
    model.reset_parameters()
    for _ in range(n):
        for k in range(8):
            step(want[k], torch.arange(8.0 * k, 8 * k + 8)[:, None])
    for a, b in zip(seen, losses):
        if abs(a - b) > 1e-3 * abs(b) + 1e-3:
            raise AssertionError('loss %g for %g' % (a, b))

sys.exit(0 if run(turn, warm=3, final=final) else 1)
PY
