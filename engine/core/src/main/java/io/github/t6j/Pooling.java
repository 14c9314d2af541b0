package io.github.t6j;

/** Method of reducing the hidden states of a text's tokens to one vector. */
public enum Pooling {
    /** Mean of the hidden states of all tokens. */
    MEAN,
    /** Hidden state of the last token, the only one that depends on all tokens. */
    LAST,
    /**
     * Hidden state of the first token. With causal attention it depends on no other token, so only models trained with
     * it can use it.
     */
    CLS
}
