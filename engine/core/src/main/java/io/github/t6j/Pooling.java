package io.github.t6j;

/** Way from the hidden states of a text's tokens to one vector. */
public enum Pooling {
    /** Mean of the hidden states of all tokens. */
    MEAN,
    /** Hidden state of the last token, the only one that depends on all. */
    LAST,
    /**
     * Hidden state of the first token. In a model with causal attention it depends on no other token, so only models
     * that were trained with it, on texts that begin with the same token, do not use it in vain.
     */
    CLS
}
