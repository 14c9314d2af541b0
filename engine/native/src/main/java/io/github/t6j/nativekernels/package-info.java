/** Products with quantised weights that a C library computes, with the same bits as those in Java. */
package io.github.t6j.nativekernels;
