/**
 * Conversations with a model: messages, their ids, the part of them that is already in the cache, and the turns to drop
 * when the context is full. This package knows neither the command line nor a terminal, so that a server can use it.
 *
 * <p>Each turn renders and encodes the whole conversation again. The session is cut to its common prefix with these
 * ids, and only the rest is fed. Whatever a template does with earlier messages, the model sees the same ids as in an
 * empty session.
 */
package io.github.t6j.chat;
