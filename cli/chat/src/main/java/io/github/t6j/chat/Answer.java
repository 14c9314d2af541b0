package io.github.t6j.chat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;

/**
 * Answer of a model.
 *
 * @param message message of the model: text, reasoning and tool calls
 * @param generation generation of the answer; its promptTokens counts the tokens fed for it, without those in the cache
 * @param cached prompt ids that were in the cache
 * @param dropped turns left out since the last answer, because the context was full
 * @param shifted ids removed from the context while the answer was generated, see {@link ContextOverflow#SHIFT}
 */
public record Answer(Message message, Generation generation, int cached, int dropped, int shifted) {

    /** Returns the text, without reasoning and tool calls. */
    public String content() {
        return message.content();
    }

    /** Returns whether {@link ChatSession#stop} or an interrupt ended the answer. */
    public boolean isStopped() {
        FinishReason reason = generation.finishReason();
        return reason == FinishReason.CANCELLED || reason == FinishReason.STOPPED_BY_LISTENER;
    }
}
