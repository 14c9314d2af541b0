/** Choice of a model's tokenizer. */
package io.github.t6j.tokenizer.choice;
