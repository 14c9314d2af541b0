/** Training data on disk: texts, documents, shards of ids, caches of tokens, and the windows that batches are made of. */
package io.github.t6j.training.data;
