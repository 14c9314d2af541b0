package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests each keyword of JSON Schema with values that match and values that do not. */
class JsonSchemaGrammarTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        // types
        "{'type': 'object'} | {} ~ {'a': [1, {'b': null}]} | [] ~ {'a'}",
        "{'type': 'array'} | [] ~ [1,'a',[]] | [1,] ~ {}",
        "{'type': 'string'} | '' ~ 'é\\u00e9\\n\\/\\ud83d\\ude42' | '\\ud83d' ~ '\\x' ~ 'a",
        "{'type': 'integer'} | 0 ~ -17 | 1.5 ~ 01 ~ 1e3",
        "{'type': 'number'} | 0 ~ -1.50e-3 | 1. ~ .5 ~ +1",
        "{'type': 'boolean'} | true ~ false | null ~ True",
        "{'type': ['string', 'null']} | null ~ 'a' | 1",
        "true | 1 ~ 'a' ~ {} | x",
        "{'title': 'anything', '$comment': 'c'} | 1 ~ [] | x",
        // blanks: one between tokens, none at the end
        "{'type': 'array'} | [ 1 ,⏎2 ] | [  1] ~ [1\t] ~ [1]⏎",
        // constants
        // a union of Pydantic; an open object next to another schema; a reference as URIs have it
        "{'oneOf': [{'$ref': '#/$defs/C'}, {'$ref': '#/$defs/D'}], 'discriminator': {'propertyName': 'k'}, '$defs': {'C': {'properties': {'k': {'const': 'c'}}, 'required': ['k']}, 'D': {'properties': {'k': {'const': 'd'}}, 'required': ['k']}}} | {'k':'c'} ~ {'k':'d'} | {'k':'e'}",
        "{'properties': {'a': {'type': 'null'}}, 'additionalProperties': true, 'allOf': [{'properties': {'b': {'type': 'null'}}}]} | {'a':null,'b':null} ~ {'z':1} | {'a':1}",
        "{'$ref': '#/definitions/Page%3CA%20b%3E', 'definitions': {'Page<A b>': {'type': 'null'}}} | null | 1",
        "{'const': {'a': [1, null, 'x\\\"']}} | {'a':[1,null,'x\\\"']} | {'a': [1]}",
        "{'enum': ['red', 'amber', 3, null]} | 'red' ~ 3 ~ null | 'r' ~ 4",
        "{'type': 'string', 'enum': ['a', 1]} | 'a' | 1",
        // objects
        "{'properties': {'a': {'type': 'integer'}, 'b': {'type': 'null'}, 'c': true}, 'required': ['b']} "
                + "| {'b':null} ~ {'a':1,'b':null} ~ {'b':null,'c':[]} ~ {'a':1 , 'b' : null,'c':0} "
                + "| {} ~ {'a':1} ~ {'b':null,'a':1} ~ {'b':null,'d':1} ~ {'b':null,} ~ {,'b':null}",
        "{'properties': {'a': {'type': 'integer'}}} | {} ~ {'a':1} | {'b':1} ~ {'a':'x'}",
        "{'properties': {'a': {'type': 'integer'}}, 'additionalProperties': {'type': 'string'}} "
                + "| {} ~ {'b':'x'} ~ {'a':1,'b':'x','ab':'','':''} | {'b':1} ~ {'a':'x'} ~ {'\\u0061':'x'} ~ {'b':'','a':1}",
        "{'additionalProperties': {'type': 'boolean'}} | {} ~ {'x':true,'y':false} | {'x':1}",
        "{'type': 'object', 'additionalProperties': false} | {} ~ { } | {'a':1} ~ {  }",
        "{'type': 'object', 'required': ['k']} | {'k':1} ~ {'k':1,'z':2} | {} ~ {'z':2}",
        "{'properties': {'a': true}, 'required': ['z']} | {'z':1} ~ {'a':1,'z':[]} | {} ~ {'a':1} ~ {'z':1,'y':1}",
        "{'properties': {'a\\\"/~': true}, 'required': ['a\\\"/~']} | {'a\\\"/~':1} | {'a':1}",
        "{'type': 'object', 'propertyNames': {'type': 'string'}, 'additionalProperties': {'type': 'number'}} "
                + "| {'a':1.5} ~ {} | {'a':'x'}",
        // arrays
        "{'items': {'type': 'integer'}} | [] ~ [1,2] | ['a'] ~ 1",
        "{'items': {'type': 'integer'}, 'minItems': 2, 'maxItems': 3} | [1,2] ~ [1,2,3] | [1] ~ [1,2,3,4] ~ []",
        "{'prefixItems': [{'type': 'integer'}, {'type': 'string'}], 'items': {'type': 'null'}} "
                + "| [] ~ [1] ~ [1,'a'] ~ [1,'a',null,null] | ['a'] ~ [1,null] ~ [1,'a',1]",
        "{'prefixItems': [{'type': 'integer'}, {'type': 'string'}], 'items': false, 'minItems': 1} "
                + "| [1] ~ [1,'a'] | [] ~ [1,'a',1]",
        "{'items': true, 'maxItems': 0} | [] ~ [ ] | [1]",
        "{'prefixItems': [{'const': 1}, {'const': 2}, {'const': 3}], 'items': false, 'minItems': 2, 'maxItems': 2} "
                + "| [1,2] | [1] ~ [1,2,3]",
        "{'items': {'enum': ['a', 'b', 'c', 'a']}, 'uniqueItems': true} "
                + "| [] ~ ['b'] ~ ['c','a'] ~ ['b','c' , 'a'] | ['a','a'] ~ ['b','c','b'] ~ ['a',]",
        "{'items': {'$ref': '#/$defs/e'}, 'uniqueItems': true, 'minItems': 2, 'maxItems': 2, "
                + "'$defs': {'e': {'enum': [1, 1.0, 'x', null]}}} | [1,'x'] ~ [null,1] | [1] ~ [1,1.0] ~ [1,'x',null] ~ []",
        "{'items': {'type': ['boolean', 'null']}, 'uniqueItems': true, 'minItems': 3} "
                + "| [true,null,false] ~ [false,true,null] | [true,false] ~ [true,false,true]",
        "{'items': {'enum': [1,2,3,4,5,6,7,8,9]}, 'uniqueItems': true, 'minItems': 2, 'maxItems': 3} "
                + "| [1,9] ~ [2,3,4] | [1] ~ [1,2,3,4] ~ [1,1] ~ [2,1] ~ []",
        "{'items': {'enum': [1,2,3,4,5,6,7,8,9]}, 'uniqueItems': true} | [] ~ [9] ~ [1,2,3,4,5,6,7,8,9] | [9,9] ~ [1,]",
        "{'type': ['object', 'array'], 'minProperties': 1, 'maxProperties': 1, 'properties': {'a': true, 'b': true}, "
                + "'items': {'enum': [1,2,3,4,5,6,7,8,9]}, 'uniqueItems': true} | {'b':1} ~ [] ~ [1,9] | {} ~ [1,1]",
        "{'items': {'type': 'string'}, 'uniqueItems': true, 'maxItems': 1} | [] ~ ['a'] | ['a','b']",
        // numbers of members
        "{'properties': {'a': true, 'b': true, 'c': true}, 'minProperties': 2} "
                + "| {'a':1,'c':2} ~ {'a':1,'b':2,'c':3} | {} ~ {'b':1} ~ {'b':1,'a':2}",
        "{'properties': {'a': true, 'b': true, 'c': true}, 'maxProperties': 1} | {} ~ {'c':2} | {'a':1,'b':2}",
        "{'properties': {'a': true, 'b': true, 'c': true}, 'required': ['b'], 'minProperties': 2, 'maxProperties': 2} "
                + "| {'a':1,'b':2} ~ {'b':1,'c':2} | {'b':1} ~ {'a':1,'c':2} ~ {'a':1,'b':2,'c':3}",
        "{'type': 'object', 'minProperties': 1} | {'a':1} ~ {'a':1,'b':2} | {} ~ { }",
        "{'type': 'object', 'maxProperties': 2} | {} ~ {'a':1} ~ {'a':1,'b':2} | {'a':1,'b':2,'c':3}",
        "{'type': 'object', 'maxProperties': 0} | {} | {'a':1}",
        // the names of further members may be equal, so these count as one
        "{'properties': {'a': true}, 'additionalProperties': {'type': 'null'}, 'minProperties': 2, 'maxProperties': 3} "
                + "| {'a':1,'x':null} ~ {'a':1,'x':null,'y':null} | {'a':1} ~ {'x':null,'y':null} ~ {'a':1,'x':null,'y':null,'z':null}",
        "{'allOf': [{'type': 'object', 'minProperties': 1, 'maxProperties': 3}, {'maxProperties': 2}]} "
                + "| {'a':1} ~ {'a':1,'b':2} | {} ~ {'a':1,'b':2,'c':3}",
        // excluded values
        "{'type': 'string', 'not': {'enum': ['a', 'b\\\"', 3]}} | 'ab' ~ '' ~ 'b' | 'a' ~ 'b\\\"' ~ 3",
        "{'type': 'string', 'maxLength': 2, 'not': {'pattern': '^a'}} | 'ba' ~ '' | 'a' ~ 'ab' ~ 'bcd' ~ 1",
        "{'not': {'pattern': '^a'}} | 'ba' | 'ab' ~ 1 ~ null",
        "{'not': {'type': 'string', 'pattern': '^a'}} | 'ba' ~ 1 ~ {} | 'ab'",
        "{'not': {'type': ['string', 'null']}} | 1.5 ~ {} ~ [null] ~ true | 'a' ~ null",
        "{'type': ['integer', 'null'], 'not': {'type': 'integer'}} | null | 1",
        "{'not': {'const': null}} | 0 ~ 'null' ~ [] | null",
        "{'type': 'boolean', 'not': {'const': true}} | false | true",
        "{'type': 'integer', 'minimum': 1, 'maximum': 5, 'not': {'enum': [5, 2, 9, 2.0]}} | 1 ~ 3 ~ 4 | 2 ~ 5 ~ 6 ~ 0",
        "{'type': 'number', 'not': {'const': 0}} | 0.5 ~ -3 ~ 17 | 0 ~ 0.0",
        "{'enum': ['a', 1, null, {'k': 1}], 'not': {'anyOf': [{'const': 1.0}, {'type': 'null'}, {'type': 'object', 'required': ['k']}]}} "
                + "| 'a' | 1 ~ null ~ {'k':1}",
        "{'properties': {'a': true, 'b': true, 'c': true}, 'not': {'required': ['a', 'b']}} "
                + "| {} ~ {'a':1,'c':2} ~ {'b':1} | {'a':1,'b':2} ~ {'a':1,'b':2,'c':3}",
        "{'type': 'object', 'not': {'required': ['a']}} | {} ~ {'b':1} | {'a':1} ~ {'b':1,'a':2}",
        "{'anyOf': [{'type': 'string'}, {'type': 'integer'}], 'not': {'const': 'x'}} | 'y' ~ 1 | 'x'",
        "{'allOf': [{'type': 'string', 'not': {'const': 'x'}}, {'not': {'const': 'y'}}]} | 'z' | 'x' ~ 'y'",
        "{'type': 'string', 'not': {'not': {'maxLength': 1}}} | 'a' | 'ab'",
        "{'type': 'null', 'not': false} | null | 1",
        // strings
        "{'type': 'string', 'pattern': '^\\\\p{L}+$'} | 'é' ~ 'Ωmega' ~ '鯨' | '' ~ 'a1' ~ '_'",
        "{'type': 'string', 'minLength': 2, 'maxLength': 3} | 'ab' ~ 'é🙂\\n' | 'a' ~ 'abcd' ~ '\\u0061b'",
        "{'type': 'string', 'pattern': 'b+'} | 'b' ~ 'abbc' | 'a' ~ ''",
        "{'type': 'string', 'pattern': '^[a-z]{2}$', 'maxLength': 5} | 'ab' | 'abc' ~ 'AB'",
        "{'type': 'string', 'pattern': '\\\\\\\\\\\"'} | 'a\\\\\\\"b' | 'ab'",
        "{'type': 'string', 'format': 'date'} | '2026-11-28' | '2026-02-30' ~ '2026-13-01'",
        "{'type': 'string', 'format': 'date-time'} | '2026-11-28T23:59:00.5Z' | '2026-11-28'",
        "{'type': 'string', 'format': 'uuid'} | '01234567-89ab-cdef-0123-456789abcdef' | '0123'",
        "{'type': 'string', 'format': 'ipv4'} | '255.0.10.199' | '256.0.0.1'",
        // numbers
        "{'type': 'integer', 'minimum': -3, 'exclusiveMaximum': 12} | -3 ~ 0 ~ 11 | -4 ~ 12 ~ -0",
        "{'type': 'number', 'exclusiveMinimum': 0, 'maximum': 2.5} | 0.1 ~ 2.5 ~ 2 | 0 ~ 0.0 ~ 2.51 ~ -1",
        "{'type': 'integer', 'multipleOf': 7, 'minimum': 1, 'maximum': 100} | 7 ~ 98 | 0 ~ 8 ~ 105",
        "{'minimum': 5} | 5 ~ 1000000 | 4",
        // combinations and references
        "{'anyOf': [{'type': 'integer'}, {'type': 'string', 'maxLength': 1}]} | 1 ~ 'a' | 'ab' ~ null",
        "{'oneOf': [{'type': 'integer'}, {'type': 'string'}]} | 1 ~ 'a' | null",
        "{'oneOf': [{'properties': {'k': {'const': 'a'}}, 'required': ['k']}, "
                + "{'properties': {'k': {'const': 'b'}, 'v': true}, 'required': ['k']}]} "
                + "| {'k':'a'} ~ {'k':'b','v':1} | {'k':'a','v':1} ~ {}",
        "{'allOf': [{'type': ['integer', 'string'], 'minimum': 3}, {'type': 'integer', 'maximum': 5}]} "
                + "| 3 ~ 5 | 2 ~ 6 ~ 'a'",
        "{'type': 'object', 'properties': {'a': true}, 'anyOf': [{'required': ['a']}, {'properties': {'b': true}}]} "
                + "| {'a':1} ~ {'a':1,'b':2} ~ {} | {'c':1}",
        "{'$ref': '#/$defs/tree', '$defs': {'tree': {'properties': {'left': {'$ref': '#/$defs/tree'}, 'v': "
                + "{'type': 'integer'}}}}} | {} ~ {'left':{'left':{'v':1},'v':2}} | {'left':1}",
        "{'properties': {'child': {'$ref': '#'}, 'a~b/c': {'type': 'null'}}} | {'child':{'child':{}}} | {'child':null}",
        "{'$ref': '#/$defs/a~1b', 'maximum': 3, '$defs': {'a/b': {'type': 'integer', 'minimum': 2}}} | 2 ~ 3 | 1 ~ 4",
    })
    void aTextMatchesAsTheSchemaSays(String schema, String valid, String invalid) {
        Grammar grammar = Grammar.jsonSchema(schema.replace('\'', '"'));
        for (String text : texts(valid)) {
            assertThat(Texts.matches(grammar, text)).as("valid: " + text).isTrue();
        }
        for (String text : texts(invalid)) {
            assertThat(Texts.matches(grammar, text)).as("invalid: " + text).isFalse();
        }
    }

    /** Splits a cell into texts; a table has no line breaks and no double quotes. */
    private static List<String> texts(String cell) {
        return List.of(cell.replace('\'', '"').replace('⏎', '\n').split(" ~ "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'not': {}} | expected at least one text that matches",
        "{'not': {'minimum': 3}} | schema at #/not: not is not supported with minimum; expected const, enum, type",
        "{'not': {'const': []}} | schema at #/not: a constant array is not supported",
        "{'properties': {'a': {'type': 'null', 'not': {'type': 'null'}}}, 'required': ['a']} | expected at least one text",
        "{'properties': {'a': {'items': {'contains': 1}}}} | schema at #/properties/a/items: keyword contains",
        "{'patternProperties': {}} | keyword patternProperties is not supported",
        "{'minProperties': 2} | schema at #/minProperties: expected at most 1, the number of properties and one more",
        "{'properties': {'a': true}, 'minProperties': 2} | expected at least one text that matches",
        "{'minProperties': 1, 'maxProperties': 0} | expected at least one text that matches",
        "{'uniqueItems': true} | schema at #: uniqueItems is not supported for these items; expected an enum",
        "{'items': {'enum': [1, 1.0]}, 'uniqueItems': true, 'minItems': 2} | expected at least one text that matches",
        "{'items': [true]} | a list of items is not supported; use prefixItems",
        "{'type': 'number', 'multipleOf': 0.01} | multipleOf 0.01 is not supported",
        "{'format': 'idn-email'} | format idn-email is not supported; expected one of date",
        "{'type': 'string', 'pattern': 'a(?=b)'} | schema at #/pattern: regex at character 1: look-around",
        "{'type': 'string', 'pattern': '(a?){40}b[ab]{60}', 'minLength': 3000} | schema at #",
        "{'oneOf': [{'type': 'integer'}, {'type': 'number'}]} | options 0 and 1 may match the same value",
        "{'enum': ['a'], 'maxLength': 3} | maxLength together with const or enum is not supported",
        "{'$ref': 'other.json'} | $ref other.json is not supported",
        "{'$ref': '#/$defs/x'} | expected a schema at #/$defs/x, found none",
        "{'$ref': '#'} | expected at least one text that matches",
        "{'allOf': [{'$ref': '#'}]} | lead back to themselves",
        "{'allOf': [{'type': 'string'}, {'type': 'null'}]} | expected a type that both schemas allow",
        "{'allOf': [{'pattern': 'a'}, {'pattern': 'b'}]} | two different values of pattern",
        "{'properties': {'a': {'additionalProperties': false, 'required': ['z']}}} | schema at #/properties/a/required: expected members that the schema allows, found \"z\"",
        "{'type': 'object', 'additionalProperties': false, 'allOf': [{'properties': {'id': {'type': 'integer'}}, 'required': ['id']}]} | additionalProperties together with properties of another schema",
        "{'type': 'object', 'additionalProperties': false, 'anyOf': [{'properties': {'a': {'type': 'integer'}}, 'required': ['a']}]} | additionalProperties together with properties of another schema",
        "{'allOf': [{'properties': {'n': {'type': 'string'}}, 'required': ['n']}, {'additionalProperties': {'type': 'integer'}}]} | additionalProperties together with properties of another schema",
        "{'type': 'array', 'items': {'type': 'integer'}, 'anyOf': [{'prefixItems': [{'type': 'string'}], 'minItems': 1}]} | items together with prefixItems of another schema",
        "{'const': 18446744073709551615} | expected a number of at most 15 digits",
        "{'enum': [{'a': [1, 9223372036854775808]}]} | expected a number of at most 15 digits",
        "{'properties': {'a': true}, 'allOf': [{'properties': {'b': null}}]} | properties/b: expected an object, found null",
        "{'type': null} | schema at #/type: expected a string, found null",
        "{'type': 'strin'} | expected a type of object, array, string",
        "{'type': 'integer', 'minimum': 'a'} | schema at #/minimum: expected a number",
        "{'type': 'string', 'minLength': -1} | schema at #/minLength: expected an integer from 0",
        "{'type': 'integer', 'minimum': 3, 'maximum': 2} | expected at least one text that matches",
        "{'properties': {'a': false}, 'required': ['a']} | expected at least one text that matches",
        "{'properties': {'a': {'$ref': '#'}}, 'required': ['a']} | expected at least one text that matches",
        "{'minimum': 1, 'maxLength': 2} | expected a type, found keywords of string and number",
        "{'type': 'string' | schema: not valid JSON",
        "17 | schema at #: expected an object, found 17",
    })
    void unsupportedAndMalformedSchemasAreRejectedByName(String schema, String message) {
        assertThatThrownBy(() -> Grammar.jsonSchema(schema.replace('\'', '"')))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    @Test
    void aSchemaThatContainsItselfByAllOfEnds() {
        Grammar grammar = Grammar.jsonSchema("""
                {"$defs": {"n": {"type": "object", "properties": {"c": {"allOf": [{"$ref": "#/$defs/n"}],
                  "description": "d"}, "v": {"$ref": "#/$defs/n", "required": ["v"]}}}}, "$ref": "#/$defs/n"}""");
        assertThat(Texts.matches(grammar, "{\"c\":{\"c\":{}}}")).isTrue();
        assertThat(Texts.matches(grammar, "{\"c\":{\"c\":1}}")).isFalse();
    }

    @Test
    void namesOfPropertiesDoNotMixWithThoseOfRules() {
        Grammar grammar = Grammar.jsonSchema("""
                {"properties": {"team": {"type": "string"}, "team member": {"type": "integer"},
                  "team~member": {"type": "null"}}}""");
        assertThat(Texts.matches(grammar, "{\"team\":\"a\",\"team member\":1,\"team~member\":null}")).isTrue();
        assertThat(Texts.matches(grammar, "{\"team member\":\"team\":\"a\"}")).isFalse();
    }

    @Test
    void hostileSchemasAreRejectedInTime() {
        StringBuilder doubling = new StringBuilder("{\"$ref\": \"#/$defs/a0\", \"$defs\": {");
        for (int i = 0; i < 40; i++) {
            doubling.append("\"a%d\": {\"allOf\": [{\"$ref\": \"#/$defs/a%d\"}, {\"$ref\": \"#/$defs/a%d\"}]},"
                    .formatted(i, i + 1, i + 1));
        }
        assertThatThrownBy(() -> Grammar.jsonSchema(doubling.append("\"a40\": true}}").toString()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("to merge");
        StringBuilder chain = new StringBuilder("{\"$ref\": \"#/$defs/a0\", \"$defs\": {");
        for (int i = 0; i < 5_000; i++) {
            chain.append("\"a%d\": {\"$ref\": \"#/$defs/a%d\"},".formatted(i, i + 1));
        }
        assertThatThrownBy(() -> Grammar.jsonSchema(chain.append("\"a5000\": true}}").toString()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("within each other");
        StringBuilder many = new StringBuilder("{\"properties\": {");
        for (int i = 0; i < 5_000; i++) {
            many.append("%s\"p%d\": {\"type\": \"null\"}".formatted(i == 0 ? "" : ",", i));
        }
        assertThat(Texts.matches(Grammar.jsonSchema(many.append("}}").toString()), "{\"p4999\":null}")).isTrue();
    }

    @Test
    void tooManyConstantsAreRejectedAtOnce() {
        String values = IntStream.range(0, 10_001).mapToObj(i -> "\"A" + i + "\"").collect(Collectors.joining(","));
        assertThatThrownBy(() -> Grammar.jsonSchema("{\"enum\": [" + values + "]}"))
                .hasMessage("schema at #/enum: expected at most 10000 values, found 10001");
    }

    @Test
    void longStringsStaySmall() {
        Grammar grammar = Grammar.jsonSchema("{\"type\": \"string\", \"minLength\": 3, \"maxLength\": 20000}");
        assertThat(Texts.matches(grammar, "\"" + "é\\n".repeat(10_000) + "\"")).isTrue();
        assertThat(Texts.mayBegin(grammar, "\"" + "x".repeat(20_001))).isFalse();
    }

    /** Counting takes a rule for each property and count, so the number of both together is limited. */
    @Test
    void countedPropertiesAreLimited() {
        String properties = IntStream.range(0, 5_000).mapToObj(i -> "\"p" + i + "\": {\"type\": \"null\"}")
                .collect(Collectors.joining(",", "{\"properties\": {", "}, "));
        Grammar grammar = Grammar.jsonSchema(properties + "\"minProperties\": 1}");
        assertThat(Texts.matches(grammar, "{\"p4000\":null,\"p4999\":null}")).isTrue();
        assertThat(Texts.matches(grammar, "{}")).isFalse();
        assertThatThrownBy(() -> Grammar.jsonSchema(properties + "\"minProperties\": 9}"))
                .hasMessageContaining("expected at most 20000 properties or items times the number to count");
    }

    @Test
    void manyOptionalPropertiesStaySmall() {
        StringBuilder schema = new StringBuilder("{\"properties\": {");
        for (int i = 0; i < 500; i++) {
            schema.append(i == 0 ? "" : ",").append("\"p").append(i).append("\": {\"type\": \"integer\"}");
        }
        Grammar grammar = Grammar.jsonSchema(schema.append("}}").toString());
        assertThat(Texts.matches(grammar, "{\"p3\":1,\"p77\":2,\"p499\":3}")).isTrue();
        assertThat(Texts.matches(grammar, "{\"p77\":1,\"p3\":2}")).isFalse();
    }
}
