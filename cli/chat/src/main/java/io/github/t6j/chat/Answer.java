package io.github.t6j.chat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import java.util.List;
import java.util.Optional;

/**
 * Answer of a model.
 *
 * @param message message of the model: text, reasoning and tool calls
 * @param generation generation of the answer; its promptTokens counts the tokens fed for it, without cached ones
 * @param cached number of prompt ids that were in the cache
 * @param dropped number of turns dropped since the last answer, because the context was full
 * @param shifted number of ids removed from the context during the answer, see {@link ContextOverflow#SHIFT}
 */
public record Answer(Message message, Generation generation, int cached, int dropped, int shifted) {

    /** Returns the text, without reasoning and tool calls. */
    public String content() {
        return message.content();
    }

    /**
     * Returns the calls that the program must answer, without one that was cut off. If the model wrote arguments that
     * are not a JSON object, the program reports that error as the call's result.
     */
    public List<ToolCall> calls() {
        List<ToolCall> calls = message.toolCalls();
        return calls.subList(0, calls.size() - (cutOffCall().isPresent() ? 1 : 0));
    }

    /**
     * Returns the last call if the answer ended within it, by the limit of tokens for example. Do not run it, since it
     * is incomplete.
     */
    public Optional<ToolCall> cutOffCall() {
        List<ToolCall> calls = message.toolCalls();
        FinishReason reason = generation.finishReason();
        boolean ended = reason == FinishReason.END_OF_TEXT || reason == FinishReason.STOP_STRING;
        return calls.isEmpty() || calls.getLast().isComplete() || ended && !calls.getLast().arguments().isBlank()
                ? Optional.empty()
                : Optional.of(calls.getLast());
    }

    /** Returns a sentence about {@link #cutOffCall}, for people; "" without one. */
    public String cutOffNotice() {
        return cutOffCall().map(call -> "The call of the tool " + call.name() + " was cut off: " + call.arguments())
                .orElse("");
    }

    /** Returns true if {@link ChatSession#stop} or an interrupt ended the answer. */
    public boolean isStopped() {
        FinishReason reason = generation.finishReason();
        return reason == FinishReason.CANCELLED || reason == FinishReason.STOPPED_BY_LISTENER;
    }
}
