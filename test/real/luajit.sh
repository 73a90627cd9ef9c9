#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# LuaJIT: compiled loops over memory of its FFI, coroutines and string buffers; what the compiler
# has made of them says the same as the interpreter at the end.
# options: more=60
work=$1
command -v luajit >/dev/null || { echo 'skip: no luajit' >&2; exit 77; }
cat >"$work/program.lua" <<'LUA'
local ffi, bit, work = require('ffi'), require('bit'), arg[1]

local function have(name)
	local f = io.open(work .. '/' .. name)
	if f then f:close() end
	return f ~= nil
end

local function put(name, text)
	local f = assert(io.open(work .. '/' .. name .. '.new', 'w'))
	f:write(text)
	f:close()
	assert(os.rename(work .. '/' .. name .. '.new', work .. '/' .. name))
end

-- Each step is made of all before it.
local function world()
	local w = { cells = ffi.new('uint32_t[?]', 65536), seed = 1, words = {} }
	w.numbers = coroutine.wrap(function()
		while true do
			w.seed = bit.bxor(w.seed, bit.lshift(w.seed, 13))
			w.seed = bit.bxor(w.seed, bit.rshift(w.seed, 17))
			w.seed = bit.bxor(w.seed, bit.lshift(w.seed, 5))
			coroutine.yield(bit.band(w.seed, 65535))
		end
	end)
	return w
end

local function step(w, n)
	local sum = n
	for i = 0, 4095 do
		local at = bit.band(i * 17 + n, 65535)
		w.cells[at] = w.cells[at] + sum
		sum = bit.bxor(sum * 2 % 2147483647, tonumber(w.cells[at]) % 65521)
	end
	local key = string.format('%d/%x', w.numbers() % 997, sum % 13)
	w.words[key] = (w.words[key] or 0) + sum % 1000 / 8
	return sum
end

local function tell(w)
	local keys, sum = {}, 0
	for k, v in pairs(w.words) do keys[#keys + 1] = k .. '=' .. v end
	table.sort(keys)
	for i = 0, 65535 do sum = (sum * 31 + tonumber(w.cells[i])) % 4294967291 end
	return sum .. ' ' .. w.seed .. ' ' .. table.concat(keys, ' ')
end

local w, n = world(), 0
while not have('verify') do
	for _ = 1, 20 do
		step(w, n)
		n = n + 1
	end
	if n == 2000 then put('ready', '') end
end
local compiled, again = tell(w), world()
jit.off()
jit.flush()
for i = 0, n - 1 do step(again, i) end
local good = tell(again) == compiled
put('result', good and 'PASS\n' or 'FAIL: after ' .. n .. ' steps it is another\n')
os.exit(good and 0 or 1)
LUA
exec luajit "$work/program.lua" "$work"
