"""Tasks beside language modelling, each on real data that a well-kept package ships: ``--task digits``.

A file each. Their packages are the extra ``tasks``, loaded when a task is made. To add one: a file here, its
name in ``SHIPPED`` (``training/own_task.py``) and in ``TASKS`` (``cli/options.py``).
"""
