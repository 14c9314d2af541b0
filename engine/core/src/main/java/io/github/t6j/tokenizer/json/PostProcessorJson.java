package io.github.t6j.tokenizer.json;

import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.TextMarks;
import java.util.List;

/**
 * Reads the post_processor of a tokenizer.json: the id that its template adds before a text, and the ids that it
 * appends to a whole text. A prompt has no appended ids, because the model continues it.
 */
final class PostProcessorJson {
    private PostProcessorJson() {}

    static TextMarks read(JsonPart part) {
        return switch (part.type()) {
            case "ByteLevel" -> TextMarks.NONE; // affects offsets in the text, not ids
            case "TemplateProcessing" -> readTemplate(part);
            case "Sequence" -> readSequence(part);
            default -> throw part.error("type", "ByteLevel, TemplateProcessing or Sequence");
        };
    }

    private static TextMarks readSequence(JsonPart part) {
        TextMarks marks = TextMarks.NONE;
        for (JsonPart processor : part.parts("processors")) {
            TextMarks next = read(processor);
            if (marks != TextMarks.NONE && next != TextMarks.NONE) {
                throw processor.error("type", "one TemplateProcessing");
            }
            marks = next == TextMarks.NONE ? marks : next;
        }
        return marks;
    }

    private static TextMarks readTemplate(JsonPart part) {
        List<JsonPart> single = part.parts("single");
        int text = 0;
        while (text < single.size() && single.get(text).get("Sequence") == null) {
            text++;
        }
        List<JsonPart> after = single.subList(Math.min(text + 1, single.size()), single.size());
        if (text > 1 || text == single.size() || after.stream().anyMatch(item -> item.get("Sequence") != null)) {
            throw part.error("single", "one Sequence, and at most one SpecialToken before it");
        }
        int first = text == 0 ? TokenizerDefinition.NONE : id(part, single.getFirst());
        List<Integer> appended = after.stream().map(item -> id(part, item)).toList();
        return text == 0 && appended.isEmpty()
                ? TextMarks.NONE
                : new TextMarks(first, first, TokenizerDefinition.NONE, appended);
    }

    /** Returns the id of a special token of a template. */
    private static int id(JsonPart template, JsonPart item) {
        String token = item.part("SpecialToken").text("id");
        JsonPart special = template.part("special_tokens").part(token);
        List<Object> ids = Json.array(special.get("ids"), special.where() + ".ids");
        if (ids.size() != 1) {
            throw special.error("ids", "one id");
        }
        return TokenizerFiles.id(ids.getFirst(), special.where(), token);
    }
}
