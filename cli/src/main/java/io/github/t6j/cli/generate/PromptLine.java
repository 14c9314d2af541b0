package io.github.t6j.cli.generate;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A line of {@code --prompts}: {@code {"prompt": "…"}} or {@code {"messages": [{"role": "user", "content": "…"}]}}, and
 * optionally {@code "id"}, {@code "seed"} and {@code "max_tokens"}.
 *
 * @param where its file and line number
 */
record PromptLine(String where, Map<String, Object> fields) {
    /** Returns the id for the result, or null. */
    Object id() {
        return fields.get("id");
    }

    /**
     * Submits the generation of the line.
     *
     * @param options options of the command; their seed is this line's, unless the line has its own
     */
    GenerationHandle submit(Scheduler scheduler, Model model, PromptFormat format, GenerationOptions options) {
        Long seed = whole("seed", Long.MIN_VALUE);
        GenerationOptions generation =
                seed == null ? options : options.withSampling(options.sampling().withSeed(seed));
        Long max = whole("max_tokens", 0);
        generation = max == null ? generation : generation.withMaxTokens((int) Math.min(max, Integer.MAX_VALUE));
        if (fields.get("prompt") instanceof String text) {
            return scheduler.submit(text, generation);
        }
        if (fields.get("messages") instanceof List<?> list && !list.isEmpty()) {
            return scheduler.submit(
                    Prompt.of(format.encode(format.render(messages(list), ChatOptions.of(generation)))),
                    format.untilEndOfTurn(generation));
        }
        throw new CommandFailure(where + ": expected \"prompt\", a text, or \"messages\", an array, found neither");
    }

    private Long whole(String key, long min) {
        Object value = fields.get(key);
        if (value == null || value instanceof Long number && number >= min) {
            return (Long) value;
        }
        throw new CommandFailure(where + ": " + key + ": expected a whole number"
                + (min == 0 ? ", 0 or more" : "") + ", found " + Json.writeLine(value));
    }

    private List<Message> messages(List<?> list) {
        List<Message> messages = new ArrayList<>();
        for (Object element : list) {
            messages.add(Message.from(element, where + ": messages[" + messages.size() + "]"));
        }
        return messages;
    }
}
