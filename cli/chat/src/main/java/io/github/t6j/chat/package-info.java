/**
 * Conversations with a model: messages and tools, their prompts, and the answers with text, reasoning and tool calls.
 * This package knows neither the command line nor a terminal, so that a server and other programs can use it.
 *
 * <p>Begin with {@link io.github.t6j.chat.ChatModel}, which answers whole conversations, or opens a
 * {@link io.github.t6j.chat.ChatSession}. Each turn of a session renders and encodes the whole conversation again. The
 * session is cut to its common prefix with these ids, and only the rest is fed. Whatever a template does with earlier
 * messages, the model sees the same ids as in an empty session.
 */
package io.github.t6j.chat;
