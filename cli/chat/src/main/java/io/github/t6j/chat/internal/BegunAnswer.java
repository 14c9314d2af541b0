package io.github.t6j.chat.internal;

import io.github.t6j.chat.Message;

/** Beginning of an answer that the model continues. */
public final class BegunAnswer {
    private BegunAnswer() {}

    /** Returns the text of {@code answer} as the model wrote it after {@code prompt}, with its reasoning. */
    public static String text(String prompt, Message answer) {
        if (ChannelReader.isIn(prompt)) {
            return ChannelReader.begun(prompt, answer.reasoning(), answer.content());
        }
        Tag opened = Tag.openedBy(prompt);
        if (opened == null && answer.reasoning().isEmpty()) {
            return answer.content();
        }
        Tag tag = opened == null ? Tag.THINK : opened;
        String reasoning = (opened == null ? tag.open() + "\n" : "") + answer.reasoning();
        return answer.content().isEmpty() ? reasoning : reasoning + "\n" + tag.close() + "\n\n" + answer.content();
    }

    /** Returns the tag of the reasoning in which the answer after {@code prompt} ends, or null. */
    static Tag open(String prompt, Message answer) {
        Tag opened = Tag.openedBy(prompt);
        if (!answer.content().isEmpty()) {
            return null;
        }
        return opened == null && !answer.reasoning().isEmpty() ? Tag.THINK : opened;
    }
}
