package io.github.t6j.chat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;

/**
 * Answer of a model.
 *
 * @param content full text, including its thinking
 * @param generation generation of the answer; its promptTokens counts the tokens fed for it, without those in the cache
 * @param cached prompt ids that were in the cache
 * @param dropped turns left out since the last answer, because the context was full
 */
public record Answer(String content, Generation generation, int cached, int dropped) {

    /** Returns whether {@link Chat#stop} or an interrupt ended the answer. */
    public boolean isStopped() {
        FinishReason reason = generation.finishReason();
        return reason == FinishReason.CANCELLED || reason == FinishReason.STOPPED_BY_LISTENER;
    }
}
