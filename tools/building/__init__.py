"""From ``lessons/NN_topic.py`` to the two executed notebooks, one module a step."""
