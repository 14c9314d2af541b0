/** Properties of the processor. Uses no other package. */
package io.github.t6j.kernels.processor;
