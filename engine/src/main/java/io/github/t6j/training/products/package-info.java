/** Products of linear layers and their gradients, of matrices in arrays or in the types of files. */
package io.github.t6j.training.products;
