"""The page of `modgrok ui`: the store, the deciding and the training of this machine in a browser.

Owns: addresses, who may ask, and what a page shows. Pages only read the store; what is trained is trained by
`modgrok train` in a process of its own. Needs the extra `ui` (Starlette, uvicorn).
"""
