package io.github.t6j.cli.chat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;

/**
 * What a model answered.
 *
 * @param content all that it wrote, its thinking included
 * @param generation what it was made by: its promptTokens are those that were fed for it, not those that the cache had
 * @param cached ids of the prompt that the cache had
 * @param dropped turns that no longer fit in the context, left out since the answer before
 */
public record Answer(String content, Generation generation, int cached, int dropped) {

    /** Whether {@link Chat#stop} or an interrupt ended it. */
    public boolean isStopped() {
        FinishReason reason = generation.finishReason();
        return reason == FinishReason.CANCELLED || reason == FinishReason.STOPPED_BY_LISTENER;
    }
}
