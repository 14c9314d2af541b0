/**
 * Conversations with a model: messages and tools, their prompts, and the answers with text, reasoning and tool calls.
 *
 * <p>Begin with {@link io.github.t6j.chat.Chat}, which answers whole conversations or opens a
 * {@link io.github.t6j.chat.ChatSession}. Each turn of a session renders and encodes the whole conversation again. The
 * session keeps the common prefix with these ids and feeds only the rest. Whatever a template does with earlier
 * messages, the model sees the same ids as in an empty session.
 *
 * <p>Arguments and results are not null unless their documentation says so; a null argument throws a
 * NullPointerException with its name.
 */
package io.github.t6j.chat;
