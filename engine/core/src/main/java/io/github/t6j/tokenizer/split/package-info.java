/**
 * Steps before byte-pair encoding: added tokens, normalisation, and the regular expressions that cut a text into
 * pieces, each as a scanner.
 */
package io.github.t6j.tokenizer.split;
