package io.github.t6j.tokenizer.json;

import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.json.TokenizerDefinition.TextMarks;
import java.util.List;

/**
 * Reads the post_processor of a tokenizer.json: the id that its template adds before a text. Ids that it adds after a
 * text are ignored, because the model continues a prompt.
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
        int texts = (int) single.stream().filter(item -> item.get("Sequence") != null).count();
        if (texts != 1 || single.getFirst().get("Sequence") == null && single.size() > 1
                && single.get(1).get("Sequence") == null) {
            throw part.error("single", "one Sequence, and at most one SpecialToken before it");
        }
        if (single.getFirst().get("Sequence") != null) {
            return TextMarks.NONE;
        }
        String token = single.getFirst().part("SpecialToken").text("id");
        JsonPart special = part.part("special_tokens").part(token);
        List<Object> ids = Json.array(special.get("ids"), special.where() + ".ids");
        if (ids.size() != 1) {
            throw special.error("ids", "one id");
        }
        int id = TokenizerFiles.id(ids.getFirst(), special.where(), token);
        return new TextMarks(id, id, TokenizerDefinition.NONE);
    }
}
