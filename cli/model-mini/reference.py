#!/usr/bin/env python3
"""Writes reference.json beside a T6 model: greedy continuations of three prompts, computed in float64 from its weights.

    python3 cli/model-mini/reference.py testdata/models/t6-mini

It needs numpy, and shares no code with t6j. It takes the prompts and their ids
from the existing reference.json.
"""
import json
import struct
import sys

import numpy as np

EPSILON = 2.0 ** -23  # of rms_norm on float32


def tensors(path):
    with open(path, 'rb') as file:
        header = json.loads(file.read(struct.unpack('<Q', file.read(8))[0]))
        data = file.read()
    found = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        begin, end = entry['data_offsets']
        if entry['dtype'] == 'BF16':
            values = (np.frombuffer(data[begin:end], '<u2').astype('<u4') << 16).view('<f4')
        elif entry['dtype'] == 'F32':
            values = np.frombuffer(data[begin:end], '<f4')
        else:
            raise SystemExit(f'{path}: tensor {name}: expected BF16 or F32, found {entry["dtype"]}')
        found[name] = values.astype(np.float64).reshape(entry['shape'])
    return found


def bf16(values):
    """Rounds to bfloat16, to nearest even, as the official tables of RoPE are."""
    bits = values.astype('<f4').view('<u4').astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16).astype('<u4').view('<f4').astype(np.float64)


def rms(x):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)


def rotate(b):
    """Rotates b [T][R][d] by the positions 0 … T − 1."""
    half = b.shape[-1] // 2
    exponents = np.arange(half, dtype=np.float32) * np.float32(2) / np.float32(2 * half)
    frequencies = np.float32(1) / (10000.0 ** exponents.astype(np.float64)).astype(np.float32)
    angles = np.arange(len(b), dtype=np.float32)[:, None] * frequencies
    cos, sin = bf16(np.cos(angles.astype(np.float64)))[:, None], bf16(np.sin(angles.astype(np.float64)))[:, None]
    first, second = b[..., :half], b[..., half:]
    return np.concatenate([first * cos + second * sin, second * cos - first * sin], -1)


def last_logits(weights, config, ids):
    heads, size = config['n_head'], config['head_dim']
    embedding = weights.get('transformer.wte.weight', weights.get('lm_head.weight'))
    x = embedding[ids]
    count = len(ids)
    for layer in range(config['n_layer']):
        block = f'transformer.h.{layer}.'
        u = rms(x)

        def mean(letter, rank):
            a = (u @ weights[f'{block}attn.c_qkv.W_A_{letter}.weight'].T).reshape(count, heads, rank)
            b = (u @ weights[f'{block}attn.c_qkv.W_B_{letter}.weight'].T).reshape(count, rank, size)
            return np.einsum('thr,trd->htd', a, b if letter == 'v' else rotate(b)) / rank

        q, k, v = mean('q', config['q_rank']), mean('k', config['rank']), mean('v', config['rank'])
        scores = np.where(np.tri(count, dtype=bool), q @ k.transpose(0, 2, 1) / np.sqrt(size), -np.inf)
        probabilities = np.exp(scores - scores.max(-1, keepdims=True))
        y = probabilities / probabilities.sum(-1, keepdims=True) @ v
        x = x + y.transpose(1, 0, 2).reshape(count, heads * size) @ weights[f'{block}attn.c_proj.weight'].T
        u = rms(x)
        gate = u @ weights[f'{block}mlp.c_fc1.weight'].T
        hidden = gate / (1 + np.exp(-gate)) * (u @ weights[f'{block}mlp.c_fc2.weight'].T)
        x = x + hidden @ weights[f'{block}mlp.c_proj.weight'].T
    return rms(x[-1]) @ embedding.T


def characters():
    """Returns the byte of each character in the vocabulary of a byte-level BPE."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def main(folder):
    weights = tensors(f'{folder}/model.safetensors')
    with open(f'{folder}/config.json', encoding='utf-8') as file:
        config = json.load(file)
    with open(f'{folder}/tokenizer.json', encoding='utf-8') as file:
        tokenizer = json.load(file)
    with open(f'{folder}/reference.json', encoding='utf-8') as file:
        reference = json.load(file)
    tokens = {i: token for token, i in tokenizer['model']['vocab'].items()}
    byte = characters()
    end = next(token['id'] for token in tokenizer['added_tokens'] if token['content'] == '<|endoftext|>')
    for prompt, entry in reference['greedy'].items():
        ids, gap = list(entry['prompt_ids']), np.inf
        while len(ids) < len(entry['prompt_ids']) + 32:
            logits = last_logits(weights, config, ids)
            best = int(logits.argmax())
            gap = min(gap, float(logits[best] - np.delete(logits, best).max()))
            if best == end:
                break
            ids.append(best)
        greedy = ids[len(entry['prompt_ids']):]
        text = bytes(byte[c] for i in greedy for c in tokens[i]).decode('utf-8')
        print(f'{prompt!r} → {text!r}, smallest gap {gap:.3f}')
        entry |= {'greedy_ids': greedy, 'smallest_gap': gap, 'text': text}
    with open(f'{folder}/reference.json', 'w', encoding='utf-8') as file:
        json.dump(reference, file, indent=1, ensure_ascii=False)
        file.write('\n')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
