"""A kernel to start from: TPA decode straight from the factors (FlashTPA), in numpy and f32.

    python3 check.py flash_tpa.py
"""
import numpy as np

DEFINITIONS = ["tpa_decode_h34_d64_rq6_rk2_rv2"]


def run(a_q, b_q, a_k, b_k, a_v, b_v):
    products = b_k @ b_q.T  # [tokens][R_K][R_Q], the same for all heads
    scores = np.einsum("hr,ths,tsr->ht", a_q, a_k, products, optimize=True)
    scores /= np.float32(np.sqrt(b_q.shape[1]) * a_q.shape[1] * a_k.shape[2])
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return np.einsum("ht,thu,tud->hd", p, a_v, b_v, optimize=True) / np.float32(a_v.shape[2])
