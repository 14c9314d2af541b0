/**
 * What a conversation with a model is: its messages, how they become ids, which of the ids are in the cache already, and
 * what is left out when the context is full. Knows neither the command line nor a terminal: whoever serves conversations
 * uses it.
 *
 * <p>Each turn renders and encodes the whole conversation anew. The session is cut to what it has in common with these
 * ids, and only the rest is fed: whatever a template does with earlier messages, the model sees what it would see in an
 * empty session.
 */
package io.github.t6j.cli.chat;
