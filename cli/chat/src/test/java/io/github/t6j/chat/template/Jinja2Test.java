package io.github.t6j.chat.template;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** jinja2.json: every construct, separately, as Jinja2 renders it; its errors are errors here, too. */
class Jinja2Test {
    private static Map<String, Object> json() throws IOException {
        try (InputStream in = Jinja2Test.class.getResourceAsStream("jinja2.json")) {
            return Json.parseObject(in.readAllBytes(), "jinja2.json");
        }
    }

    @Test
    void rendersAsJinja2Does() throws IOException {
        Map<String, Object> json = json();
        Map<String, Object> variables = Json.object(json.get("variables"), "variables");
        LocalDateTime now = LocalDateTime.parse((String) json.get("now"));
        Map<String, String> wrong = new TreeMap<>();
        int rendered = 0;
        for (Object item : Json.array(json.get("cases"), "cases")) {
            Map<String, Object> gold = Json.object(item, "case");
            String template = (String) gold.get("template");
            Object expected = gold.containsKey("refused") ? "refused" : gold.get("expected");
            String found;
            try {
                found = ChatTemplate.parse("t", template, Map.of()).render(List.of(), false, variables, now);
                rendered++;
            } catch (ChatTemplateException refused) {
                found = "refused";
            }
            if (!found.equals(expected)) {
                wrong.put(template, "expected " + expected + ", found " + found);
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(rendered).isGreaterThan(780);
    }
}
