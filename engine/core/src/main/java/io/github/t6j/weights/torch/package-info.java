/** Files of {@code torch.save}: zip or legacy, and the pickle inside, which runs no code. May use {@code weights}. */
package io.github.t6j.weights.torch;
